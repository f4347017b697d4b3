// Brings the saved live figures of a page to life, with no kernel.
// A figure's state and its front-end module lie in the page; the module is
// loaded when the figure comes near the viewport. This is anywidget's
// front-end contract: render({ model, el }).
(() => {
  const type = (name) => `script[type="application/vnd.jupyter.widget-${name}+json"]`;

  function modelOf(box) {
    const states = document.querySelector(type("state"));
    const view = box.querySelector(type("view"));
    const saved = states && JSON.parse(states.textContent).state[JSON.parse(view.textContent).model_id];
    if (!saved || !saved.state._esm) throw new Error("its saved state is missing or incomplete");
    const values = { ...saved.state };
    return {
      get: (key) => values[key],
      set: (key, value) => { values[key] = value; },
      save_changes() {}, on() {}, off() {},
    };
  }

  function addStyle(css) {
    if (css && !document.getElementById("live-style")) {
      const style = document.createElement("style");
      style.id = "live-style";
      style.textContent = css;
      document.head.append(style);
    }
  }

  async function start(box) {
    const still = box.querySelector(".live-still");
    const el = document.createElement("div");
    try {
      const model = modelOf(box);
      addStyle(model.get("_css"));
      const url = URL.createObjectURL(new Blob([model.get("_esm")], { type: "text/javascript" }));
      const module = await import(url);
      URL.revokeObjectURL(url);
      box.append(el);
      await module.default.render({ model, el });
      still.hidden = true;
    } catch (error) {
      el.remove();
      const message = document.createElement("p");
      message.className = "live-error";
      message.setAttribute("role", "alert");
      message.textContent = `This figure could not start: ${error.message}. The still picture stands in for it.`;
      still.append(message);
    }
    box.dataset.ready = "true";
  }

  const near = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (entry.isIntersecting) {
        near.unobserve(entry.target);
        start(entry.target);
      }
    }
  }, { rootMargin: "600px" });
  for (const box of document.querySelectorAll(".live-figure")) near.observe(box);
})();
