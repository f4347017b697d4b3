// What scrolls sideways can be reached by keyboard: a region gets a tab stop
// only while its content is wider than the page.
(() => {
  const regions = ".equation-body, .highlight pre, .cell_output .output, .table-scroll, .pst-scrollable-table-container";
  function update() {
    for (const region of document.querySelectorAll(regions)) {
      if (region.scrollWidth > region.clientWidth + 1) region.tabIndex = 0;
      else region.removeAttribute("tabindex");
    }
  }
  addEventListener("load", update);
  addEventListener("resize", update);
})();
