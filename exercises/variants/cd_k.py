r"""Variants of the sheet on contrastive divergence: how long its spins are, the signs in its energy, which way round
W lies, how its temperature is written, and which way a spin falls where its random number is small.

With spins x = A t and h = G u, where t and u are -1 or +1, the energy K h'W x + B (c.x + b.h), K and B being
signs, is that of the practice sheet, -u'W't - c'.t - b'.u, for W' = -K A G W, c' = -B A c and b' = -B G b.
Gradients with respect to W, b and c take the same factors on.
"""

import itertools

import numpy as np

from .rbm_inference import added, energy, flipped, joined, latex, printed, times, units

PRACTICE = {"sizes": (1, 1), "signs": (-1, -1), "transposed": False, "heat": "tau", "below": 1}
CHOICES = {"sizes": ((2, 0.5), (0.5, 2), (1.5, 0.5), (0.5, 1.5), (0.5, 3)), "signs": ((1, -1), (-1, 1), (1, 1)),
           "transposed": (False, True), "heat": ("tau", "lam", "log_tau"), "below": (1, -1)}
NAMES = {
    "positive_phase": ("data_phase", "phase_of_data", "first_phase"),
    "energy_given_x": ("mean_energy_given_x", "energy_at_x", "clamped_energy"),
    "energy_of_model": ("model_energy", "mean_energy_of_model", "free_running_energy"),
    "temperature_slope": ("slope_of_likelihood", "heat_slope", "likelihood_slope"),
    "negative_sample": ("run_chain", "gibbs_steps", "chain_end"),
    "pcd_update": ("persistent_update", "update_pcd", "pcd_step"),
    "missing_gradient": ("gradient_of_c", "missing_slope", "visible_gradient"),
    "nats_lost": ("nats_left", "lost_nats", "cost"),
    "transition_matrix": ("gibbs_matrix", "step_matrix", "transitions"),
    "cd_bias": ("bias_of_cd", "bias_in_W", "cd_k_bias"),
}


def edits(sizes, signs, transposed, heat, below):
    (A, G), (K, B) = sizes, signs
    k, f = -K, -B  # in an exponent
    practice = signs == (-1, -1)
    a, g = map(latex, sizes)
    of_x, of_h = (f"[{-size:.1f}, {size:.1f}]" for size in sizes)
    short_x, short_h = (f"[{-size:g}, {size:g}]" for size in sizes)
    shape = "(n_visible, n_hidden)" if transposed else "(n_hidden, n_visible)"
    row, column = (r"(W^\top x)_j", "W_i h") if transposed else ("W_j x", r"(W^\top h)_i")
    at_h, at_x = (f, r"b_j"), (f, r"c_i")
    to_hidden, to_visible = ("W", "W.T") if transposed else ("W.T", "W")
    row_j, entry = ("W[:, j]", "W[i, j]") if transposed else ("W[j]", "W[j, i]")

    def drive(x, size=G):  # what a hidden spin feels, times its size
        return times(size, (f, "b"), (k, f"{x} @ {to_hidden}"))

    def drive_x(h, size=A):
        return times(size, (f, "c"), (k, f"{h} @ {to_visible}"))

    def mean(size, text):
        return f"np.tanh({text})" if size == 1 else f"{size:g} * np.tanh({text})"

    def chance(text):  # of the value that small numbers give
        sign, text = (-below, text[1:]) if text.startswith("-") and "(" in text else (below, text)
        return f"(1 {'+' if sign > 0 else '-'} np.tanh({text})) / 2"

    def either(size):
        return f"{below * size:.1f}, {-below * size:.1f}"

    def product(left, x, h):
        return f"np.dot({x}, W @ {h})" if transposed else f"np.dot({h}, W @ {x})"

    def exponent(pair, x="c @ s", h="b @ h", sign=1):
        return joined((sign * k, pair), (sign * f, x), (sign * f, h))

    chain = "s @ W @ h" if transposed else "h @ W @ s"
    moving = {
        f"        prob_h = (1 + np.tanh(b + {x} @ W.T)) / 2\n        h = np.where(number_h < prob_h, 1.0, -1.0)\n"
        f"        prob_x = (1 + np.tanh(c + h @ W)) / 2\n        {x} = np.where(number_x < prob_x, 1.0, -1.0)":
            f"        prob_h = {chance(drive(x))}\n        h = np.where(number_h < prob_h, {either(G)})\n"
            f"        prob_x = {chance(drive_x('h'))}\n        {x} = np.where(number_x < prob_x, {either(A)})"
        for x in ("x", "particles")}
    up_h, up_x = (f"{below * size:g}" for size in (G, A))
    down_h, down_x = (f"{-below * size:g}" for size in (G, A))
    felt = f"sum(h[j] * {entry} for j in range(n_hidden))"
    odds_x = times(2 * A, (below * f, "c[i]"), (below * k, felt))
    positive, negative = ("x.T @ at_data", "particles.T @ at_model") if transposed else ("at_data.T @ x", "at_model.T @ particles")
    plus_k, plus_f = ("+" if sign > 0 else "-" for sign in (k, f))
    found = examples(sizes, signs, transposed, heat, below)
    push = "mean" if A == G == 1 else "push"  # tanh is the mean of a spin only if that is -1 or +1
    of, of_pictures = ("h", "x") if push == "mean" else ("np.sign(h)", "np.sign(x)")
    every = "every" if push == "mean" else "np.sign(every)"
    gap = "((p / p.sum() - q)[:, None] * every)"
    scale = "" if k * G == 1 else "-" if k * G == -1 else f"{k * G:g} * "
    return {
        # the machine
        "the units of both layers are spins: $x_i$ and $h_j$ are $-1$ or $+1$.": f"the units of both layers are spins: {units(sizes)}.",
        r"The energy looks as it does in the chapters, $E(x, h) = -h^\top W x - c^\top x - b^\top h$, with $W$ of shape (hidden, visible)":
            f"The energy {'looks as it does in the chapters,' if practice else 'is not that of the chapters: it is'} "
            f"${energy(signs, transposed)}$, with $W$ of shape {'(visible, hidden)' if transposed else '(hidden, visible)'}",
        r"$p(h_j = 1 \mid x) = \frac{1}{2}(1 + \tanh(b_j + W_j x))$ and $p(x_i = 1 \mid h) = \frac{1}{2}(1 + \tanh(c_i + (W^\top h)_i))$":
            rf"$p(h_j = {g if G == 1 else '+' + g} \mid x) = \frac{{1}}{{2}}(1 + \tanh({in_latex(G, at_h, (k, row))}))$ and "
            rf"$p(x_i = {a if A == 1 else '+' + a} \mid h) = \frac{{1}}{{2}}(1 + \tanh({in_latex(A, at_x, (k, column))}))$",
        r"given $x$ is $\tanh(b_j + W_j x)$": rf"given $x$ is ${'' if G == 1 else g + ' '}\tanh({in_latex(G, at_h, (k, row))})$",
        "size=(n_hidden, n_visible)": f"size={shape}",
        "np.zeros((n_hidden, n_visible))": f"np.zeros({shape})",
        "x = rng.choice([-1.0, 1.0]": f"x = rng.choice({of_x}",
        "itertools.product([-1.0, 1.0], repeat=len(c))": f"itertools.product({of_x}, repeat=len(c))",
        "itertools.product([-1.0, 1.0], repeat=len(b))": f"itertools.product({of_h}, repeat=len(b))",
        "itertools.product([-1.0, 1.0], repeat=n_visible)": f"itertools.product({of_x}, repeat=n_visible)",
        "itertools.product([-1.0, 1.0], repeat=n_hidden)": f"itertools.product({of_h}, repeat=n_hidden)",
        "itertools.product([-1, 1], repeat=n_visible)": f"itertools.product({short_x}, repeat=n_visible)",
        "itertools.product([-1, 1], repeat=n_hidden)": f"itertools.product({short_h}, repeat=n_hidden)",
        "`itertools.product([-1, 1], repeat=visible)`": f"`itertools.product({short_x}, repeat=visible)`",
        # the positive phase
        "    mean_h = np.tanh(b + x @ W.T)\n    return mean_h.T @ x / len(x), mean_h.mean(axis=0), x.mean(axis=0)":
            f"    mean_h = {mean(G, drive('x'))}\n    return {joined((k, 'x.T @ mean_h' if transposed else 'mean_h.T @ x'))} / len(x), "
            f"{joined((f, 'mean_h'))}.mean(axis=0), {joined((f, 'x'))}.mean(axis=0)",
        "sum(h[j] * (b[j] + W[j] @ row) for": f"sum(h[j] * ({added((f, 'b[j]'), (k, f'{row_j} @ row'))}) for",
        "in_W + p * np.outer(h, row) / len(x), in_b + p * h / len(x)":
            f"in_W {plus_k} p * np.outer({'row, h' if transposed else 'h, row'}) / len(x), in_b {plus_f} p * h / len(x)",
        "in_c = in_c + row / len(x)": f"in_c = in_c {plus_f} row / len(x)",
        # the temperature
        **of_heat(heat, f, drive("x"), drive("every")),
        "-np.dot(h, W @ row) - c @ row - b @ h": exponent(product("", "row", "h"), "c @ row", "b @ h", -1),
        "-np.dot(h, W @ x) - np.dot(c, x) - np.dot(b, h)": exponent(product("", "x", "h"), "np.dot(c, x)", "np.dot(b, h)", -1),
        "(h @ W @ s + c @ s + b @ h) / tau":
            {"tau": "({}) / tau", "lam": "lam * ({})", "log_tau": "({}) / np.exp(log_tau)"}[heat].format(exponent(chain)),
        # the chains
        "a spin is $+1$ where its number is *below* its probability of being $+1$, and $-1$ elsewhere.":
            "a spin is $+1$ where its number is *below* its probability of being $+1$, and $-1$ elsewhere." if practice
            else "a spin is positive where its number is *below* its probability of being positive, and negative elsewhere." if below > 0
            else "a spin is negative where its number is *below* its probability of being negative, and positive elsewhere.",
        **moving,
        **{f"            h = [1 if np.log(u_h[t, n, j] / (1 - u_h[t, n, j])) < 2 * (b[j] + W[j] @ {x}[n]) else -1 for":
            f"            h = [{up_h} if np.log(u_h[t, n, j] / (1 - u_h[t, n, j])) < {times(2 * G, (below * f, 'b[j]'), (below * k, f'{row_j} @ {x}[n]'))} else {down_h} for"
            for x in ("expected", "moved")},
        "                odds = 2 * (c[i] + sum(h[j] * W[j, i] for j in range(n_hidden)))\n                expected[n, i] = 1 if np.log(u_x[t, n, i] / (1 - u_x[t, n, i])) < odds else -1":
            f"                odds = {odds_x}\n                expected[n, i] = {up_x} if np.log(u_x[t, n, i] / (1 - u_x[t, n, i])) < odds else {down_x}",
        "            odds = [2 * (c[i] + sum(h[j] * W[j, i] for j in range(n_hidden))) for i in range(n_visible)]\n            moved[n] = [1 if np.log(u / (1 - u)) < odds[i] else -1 for":
            f"            odds = [{odds_x} for i in range(n_visible)]\n            moved[n] = [{up_x} if np.log(u / (1 - u)) < odds[i] else {down_x} for",
        "    at_data, at_model = np.tanh(b + x @ W.T), np.tanh(b + particles @ W.T)\n    positive, negative = at_data.T @ x, at_model.T @ particles\n"
        "    W = W + rate * (positive / len(x) - negative / len(particles))\n    b = b + rate * (at_data.mean(axis=0) - at_model.mean(axis=0))\n"
        "    c = c + rate * (x.mean(axis=0) - particles.mean(axis=0))":
            ("    at_data, at_model = np.tanh(b + x @ W.T), np.tanh(b + particles @ W.T)\n" if practice
             else f"    at_data = {mean(G, drive('x'))}\n    at_model = {mean(G, drive('particles'))}\n")
            + f"    positive, negative = {positive}, {negative}\n    W = W {plus_k} rate * (positive / len(x) - negative / len(particles))\n"
            f"    b = b {plus_f} rate * (at_data.mean(axis=0) - at_model.mean(axis=0))\n    c = c {plus_f} rate * (x.mean(axis=0) - particles.mean(axis=0))",
        "x, particles = rng.choice([-1.0, 1.0], size=(n_rows, n_visible)), rng.choice([-1.0, 1.0], size=(n_particles, n_visible))":
            f"x, particles = rng.choice({of_x}, size=(n_rows, n_visible)), rng.choice({of_x}, size=(n_particles, n_visible))",
        "F = [-s @ c - sum(np.logaddexp(a, -a) for a in b + W @ s) for s":
            f"F = [{joined((B, 's @ c'), (-1, f'''sum(np.logaddexp(a, -a) for a in {times(G, (f, 'b'), (k, 'W.T @ s' if transposed else 'W @ s'))})'''))} for s",
        # the error
        "    a = c + h @ W\n    log_p = h @ b + np.logaddexp(a, -a).sum(axis=1)":
            f"    a = {drive_x('h')}\n    log_p = {added((f, 'h @ b'), (1, 'np.logaddexp(a, -a).sum(axis=1)'))}",
        "    return x.mean(axis=0) - p @ np.tanh(a) / p.sum()":
            f"    return {added((f, 'x.mean(axis=0)'), (-f, ('' if A == 1 else f'{A:g} * ') + 'p @ np.tanh(a) / p.sum()'))}",
        "np.exp(np.dot(h, W @ image) + c @ image + b @ h)": f"np.exp({exponent(product('', 'image', 'h'), 'c @ image')})",
        "expected = sum(row / 5 for row in x) - mean / total": f"expected = {added((f, 'sum(row / 5 for row in x)'), (-f, 'mean / total'))}",
        "The best coin shows $+1$ as often": f"The best coin shows $+{a}$ as often",
        "    up = (1 + x.mean(axis=0)) / 2": "    up = 0.5 + x.mean(axis=0)" if A == 0.5 else f"    up = ({A:g} + x.mean(axis=0)) / {2 * A:g}",
        "x = np.where(rng.uniform(size=(n_rows, n_visible)) < rng.uniform(size=n_visible), 1.0, -1.0)\n    x[0], x[1] = 1, -1":
            f"x = np.where(rng.uniform(size=(n_rows, n_visible)) < rng.uniform(size=n_visible), {A:.1f}, {-A:.1f})\n    x[0], x[1] = {A:g}, {-A:g}",
        "c = c + 0.5 * (x.mean(axis=0) - np.tanh(c))":
            f"c = c + {({0.5: 2, 1: 0.5, 1.5: 0.2, 2: 0.1})[A]} * ({added((f, 'x.mean(axis=0)'), (-1, mean(A, times(A, (1, 'c')).replace('(c)', 'c'))))})",
        "sum(c[i] * row[i] - np.logaddexp(c[i], -c[i]) for": f"sum({joined((f, 'c[i] * row[i]'), (-1, 'np.logaddexp(c[i], -c[i])' if A == 1 else f'np.logaddexp({A:g} * c[i], {-A:g} * c[i])'))} for",
        "x = np.array([[1.0, -1.0, 1.0]] * 3)": f"x = np.array([[{A:.1f}, {-A:.1f}, {A:.1f}]] * 3)",
        # the bias of CD-k
        "    mean_h, mean_x = np.tanh(b + x @ W.T), np.tanh(c + h @ W)\n    up = ((1 + mean_h[:, None] * h) / 2).prod(axis=2)\n"
        "    down = ((1 + mean_x[:, None] * x) / 2).prod(axis=2)":
            pair_of(push, drive("x"), drive_x("h")) + f"    up = ((1 + {push}_h[:, None] * {of}) / 2).prod(axis=2)\n"
            f"    down = ((1 + {push}_x[:, None] * {of_pictures}) / 2).prod(axis=2)",
        "    mean_h, mean_x = np.tanh(b + every @ W.T), np.tanh(c + h @ W)\n    up = ((1 + mean_h[:, None] * h) / 2).prod(axis=2)\n"
        "    down = ((1 + mean_x[:, None] * every) / 2).prod(axis=2)":
            pair_of(push, drive("every"), drive_x("h")) + f"    up = ((1 + {push}_h[:, None] * {of}) / 2).prod(axis=2)\n"
            f"    down = ((1 + {push}_x[:, None] * {every}) / 2).prod(axis=2)",
        "    a = b + every @ W.T\n    log_p = every @ c + np.logaddexp(a, -a).sum(axis=1)":
            f"    a = {drive('every')}\n    log_p = {added((f, 'every @ c'), (1, 'np.logaddexp(a, -a).sum(axis=1)'))}",
        "    return mean_h.T @ ((p / p.sum() - q)[:, None] * every)":
            f"    return {scale}{f'{gap}.T @ {push}_h' if transposed else f'{push}_h.T @ {gap}'}",
        "    pictures, spins = (list(itertools.product([-1, 1], repeat=n)) for n in (n_visible, n_hidden))\n":
            "    pictures, spins = (list(itertools.product([-1, 1], repeat=n)) for n in (n_visible, n_hidden))\n" if A == G == 1
            else f"    pictures = list(itertools.product({short_x}, repeat=n_visible))\n    spins = list(itertools.product({short_h}, repeat=n_hidden))\n",
        "    pictures, spins = (np.array(list(itertools.product([-1, 1], repeat=n))) for n in (n_visible, n_hidden))\n":
            "    pictures, spins = (np.array(list(itertools.product([-1, 1], repeat=n))) for n in (n_visible, n_hidden))\n" if A == G == 1
            else f"    pictures = np.array(list(itertools.product({short_x}, repeat=n_visible)))\n    spins = np.array(list(itertools.product({short_h}, repeat=n_hidden)))\n",
        "np.exp(np.dot(h, W @ s) + c @ s + b @ h)": f"np.exp({exponent(product('', 's', 'h'))})",
        "np.exp(h @ W @ s + c @ s + b @ h)": f"np.exp({exponent(chain)})",
        "    x[0], x[1], x[2] = 1, 1, -1": f"    x[0], x[1], x[2] = {A:g}, {A:g}, {-A:g}",
        '"nj,ja,ni->ai", joint': f'"nj,ja,ni->{"ia" if transposed else "ai"}", joint',
        '        expected += (exact - np.einsum("n,nj,ja,ni->ai"': f'        expected {plus_k}= (exact - np.einsum("n,nj,ja,ni->{"ia" if transposed else "ai"}"',
        **found,
    }


def in_latex(size, *terms):
    """A size times a sum, in LaTeX."""
    if size == 1:
        return added(*terms)
    sign = ""
    if all(s < 0 for s, _ in terms):
        sign, terms = "-", [(1, term) for _, term in terms]
    return f"{sign}{latex(size)} ({added(*terms)})"


def pair_of(push, of_h, of_x):
    """Two tanh, in one line or in two."""
    one = f"    {push}_h, {push}_x = np.tanh({of_h}), np.tanh({of_x})\n"
    return one if len(one) <= 79 else f"    {push}_h = np.tanh({of_h})\n    {push}_x = np.tanh({of_x})\n"


def of_heat(heat, f, drive, drive_every):
    """The exercise on the temperature: its words, its derivation, its solutions, the loops of its hidden tests."""
    at = {"tau": r"\tau", "lam": r"\lambda", "log_tau": r"\ell"}[heat]
    called = {"tau": "temperature", "lam": "inverse temperature", "log_tau": "log temperature"}[heat]
    E, E_other = "E(x, h)", "E(x', h)"
    given_x, model = r"\mathbb{E}_{h \mid x}[E(x, h)]", r"\mathbb{E}_{x', h}[E(x', h)]"
    factor = {"tau": r"\frac{1}{\tau^2} ", "lam": "-", "log_tau": r"\frac{1}{\tau} "}[heat]
    d = rf"\frac{{\partial}}{{\partial {at}}}"
    claim = rf"{model} - {given_x}" if heat == "lam" else rf"{factor}\left( {given_x} - {model} \right)"

    def weight(e):
        return rf"e^{{-\lambda {e}}}" if heat == "lam" else rf"e^{{-{e}/\tau}}"

    def paragraphs(d, factor, at, weight, slope, words):
        return [
            rf"$p(x) = \frac{{1}}{{Z}} \sum_h {weight(E)}$ with $Z = \sum_{{x', h}} {weight(E_other)}$. So $\log p(x) = \log \sum_h {weight(E)} - \log Z$, and ${at}$ stands in both terms.",
            f"The energy does not depend on ${at}${slope}",
            rf"The slope of the log of a sum is the slope of the sum over the sum: ${d} \log \sum_h {weight(E)} = {factor}\sum_h \frac{{{weight(E)}}}{{\sum_{{h'}} {weight('E(x, h' + chr(39) + ')')}}} E(x, h)$.",
            rf"So this slope is ${factor}{given_x}$.",
            rf"In the same way ${d} \log Z = {factor}\sum_{{x', h}} \frac{{{weight(E_other)}}}{{Z}} E(x', h) = {factor}{model}$.",
            f"In words: the machine wants to be {words} than what it is used to.",
        ]

    def as_practised(e):
        return rf"e^{{-{e}/\tau}}"

    slopes = {
        "tau": r", and $\frac{\partial}{\partial \tau} \left( -\frac{1}{\tau} \right) = \frac{1}{\tau^2}$. So $\frac{\partial}{\partial \tau} e^{-E/\tau} = \frac{E}{\tau^2} e^{-E/\tau}$.",
        "lam": r". So $\frac{\partial}{\partial \lambda} e^{-\lambda E} = -E e^{-\lambda E}$.",
        "log_tau": r", and $\frac{\partial}{\partial \ell} \left( -\frac{1}{\tau} \right) = \frac{\partial}{\partial \ell} \left( -e^{-\ell} \right) = e^{-\ell} = \frac{1}{\tau}$. So $\frac{\partial}{\partial \ell} e^{-E/\tau} = \frac{E}{\tau} e^{-E/\tau}$.",
    }
    warmer, colder = "warmer if the energy at the data is higher", "colder if the energy at the data is lower"
    old = paragraphs(r"\frac{\partial}{\partial \tau}", r"\frac{1}{\tau^2} ", r"\tau", as_practised, slopes["tau"], warmer)
    new = paragraphs(d, factor, at, weight, slopes[heat], colder if heat == "lam" else warmer)
    first = "    tau = np.exp(log_tau)\n" if heat == "log_tau" else ""
    divided = "lam * a" if heat == "lam" else "a / tau"
    both = "lam * a, -lam * a" if heat == "lam" else "a / tau, -a / tau"
    energies = added((-1, f"(np.tanh({divided}) * a).sum(axis=1)"), (-f, "x @ c"))
    at_c = {name: f"lam * ({name} @ c)" if heat == "lam" else f"{name} @ c / tau" for name in ("x", "every")}
    scaled = ("lam * (b + every @ W.T)" if heat == "lam" else "(b + every @ W.T) / tau") if drive_every == "b + every @ W.T" else \
        drive_every.replace(" * (", " * lam * (", 1) if heat == "lam" else f"{drive_every} / tau"
    loops = {"tau": ("1.0", "0.4", "2.5", "0.001", "0.7", "2.5"), "lam": ("1.0", "2.5", "0.4", "1000.0", "1.4", "0.4"),
             "log_tau": ("0.0", "-0.9", "0.9", "-7.0", "-0.4", "0.9")}[heat]
    return {
        r"a temperature $\tau > 0$, so that $p(x, h) = \frac{1}{Z} e^{-E(x, h) / \tau}$.": {
            "tau": r"a temperature $\tau > 0$, so that $p(x, h) = \frac{1}{Z} e^{-E(x, h) / \tau}$.",
            "lam": r"an inverse temperature $\lambda > 0$, so that $p(x, h) = \frac{1}{Z} e^{-\lambda E(x, h)}$.",
            "log_tau": r"the log $\ell$ of a temperature, so that $p(x, h) = \frac{1}{Z} e^{-E(x, h) / \tau}$ with $\tau = e^\ell$."}[heat],
        r"their arguments are divided by $\tau$. How should $\tau$ be learnt?":
            rf"their arguments are {'multiplied by $' + at if heat == 'lam' else 'divided by $' + chr(92) + 'tau'}$. How should ${at}$ be learnt?",
        "energy_given_x(W, b, c, tau, x)": f"energy_given_x(W, b, c, {heat}, x)",
        "energy_of_model(W, b, c, tau)": f"energy_of_model(W, b, c, {heat})",
        "temperature_slope(W, b, c, tau, x)": f"temperature_slope(W, b, c, {heat}, x)",
        "Temperatures of a thousandth occur.": {"tau": "Temperatures of a thousandth occur.", "lam": r"A $\lambda$ of a thousand may occur.",
                                                "log_tau": r"An $\ell$ of $-7$ may occur."}[heat],
        r"\frac{\partial}{\partial \tau} \log p(x^{(m)})": rf"{d} \log p(x^{{(m)}})",
        r"(\log p_{\tau + \epsilon}(x) - \log p_{\tau - \epsilon}(x))": rf"(\log p_{{{at} + \epsilon}}(x) - \log p_{{{at} - \epsilon}}(x))",
        # the solutions
        "    a = b + x @ W.T\n    return -(np.tanh(a / tau) * a).sum(axis=1) - x @ c": f"{first}    a = {drive}\n    return {energies}",
        "    a = b + x @ W.T\n    log_p = x @ c / tau + np.logaddexp(a / tau, -a / tau).sum(axis=1)\n    p = np.exp(log_p - log_p.max())\n"
        "    energies = -(np.tanh(a / tau) * a).sum(axis=1) - x @ c":
            f"{first}    a = {drive}\n    log_p = {added((f, at_c['x']), (1, f'np.logaddexp({both}).sum(axis=1)'))}\n    p = np.exp(log_p - log_p.max())\n    energies = {energies}",
        "    def mean_energies(x):\n        a = b + x @ W.T\n        return -(np.tanh(a / tau) * a).sum(axis=1) - x @ c":
            f"{first + chr(10) if first else ''}    def mean_energies(x):\n        a = {drive}\n        return {energies}",
        "    a = (b + every @ W.T) / tau\n    log_p = every @ c / tau + np.logaddexp(a, -a).sum(axis=1)":
            f"    a = {scaled}\n    log_p = {added((f, at_c['every']), (1, 'np.logaddexp(a, -a).sum(axis=1)'))}",
        "    return (mean_energies(x).mean() - negative) / tau**2": {
            "tau": "    return (mean_energies(x).mean() - negative) / tau**2", "lam": "    return negative - mean_energies(x).mean()",
            "log_tau": "    return (mean_energies(x).mean() - negative) / tau"}[heat],
        # the hidden tests
        "tau in ((1, 2, 1.0), (3, 3, 0.4), (3, 5, 2.5), (2, 4, 0.001)):":
            f"{heat} in ((1, 2, {loops[0]}), (3, 3, {loops[1]}), (3, 5, {loops[2]}), (2, 4, {loops[3]})):",
        "tau in ((1, 2, 1.0), (3, 3, 0.4), (3, 4, 2.5), (2, 4, 0.001)):":
            f"{heat} in ((1, 2, {loops[0]}), (3, 3, {loops[1]}), (3, 4, {loops[2]}), (2, 4, {loops[3]})):",
        "tau in ((1, 2, 1.0), (3, 3, 0.7), (2, 4, 2.5)):": f"{heat} in ((1, 2, {loops[0]}), (3, 3, {loops[4]}), (2, 4, {loops[5]})):",
        "weights = np.exp((energies.min() - energies) / tau)": {
            "tau": "weights = np.exp((energies.min() - energies) / tau)", "lam": "weights = np.exp(lam * (energies.min() - energies))",
            "log_tau": "weights = np.exp((energies.min() - energies) / np.exp(log_tau))"}[heat],
        "wrong at the temperature {tau}": f"wrong at the {called} {{{heat}}}",
        "log-likelihood along the temperature.": f"log-likelihood along the {called}.",
        "def log_likelihood(tau):": f"def log_likelihood({heat}):",
        "log_likelihood(tau + 1e-4) - log_likelihood(tau - 1e-4)": f"log_likelihood({heat} + 1e-4) - log_likelihood({heat} - 1e-4)",
        # by hand
        r"$\frac{\partial}{\partial \tau} \log p(x) = \frac{1}{\tau^2} \left( \mathbb{E}_{h \mid x}[E(x, h)] - \mathbb{E}_{x', h}[E(x', h)] \right)$":
            rf"${d} \log p(x) = {claim}$",
        r"both sums depend on $\tau$": f"both sums depend on ${at}$",
        r"| the slope of $e^{-E / \tau}$, with": {"tau": r"| the slope of $e^{-E / \tau}$, with", "lam": r"| the slope of $e^{-\lambda E}$, with",
                                                 "log_tau": r"| the slope of $e^{-E / \tau}$ along $\ell$, with"}[heat],
        **dict(zip(old, new, strict=True)),
    }


def examples(sizes, signs, transposed, heat, below):
    """The examples a student sees, all computed from their definitions."""
    (A, G), (K, B) = sizes, signs
    k, f = -K, -B

    def states(n, size):
        return size * np.array(list(itertools.product([-1.0, 1.0], repeat=n)))

    def energies(W, b, c, x):  # of each x with every h
        h = states(len(b), G)
        return K * np.array(x) @ np.transpose(W) @ h.T + B * (np.array(x) @ c)[:, None] + B * (h @ b)

    def weights(E, tau=1.0):
        p = np.exp((E.min() - E) / tau)
        return p / p.sum()

    def mean_h(W, b, x):
        return G * np.tanh(G * (f * np.array(b) + k * np.array(x) @ np.transpose(W)))

    def phase(W, b, x):
        h = mean_h(W, b, x)
        return k * h.T @ x / len(x), f * h.mean(axis=0), f * x.mean(axis=0)

    def temperature(value):
        return np.exp(value) if heat == "log_tau" else 1 / value if heat == "lam" else value

    def given_x(tau, x):
        return np.array([weights(E, tau) @ E for E in energies(*machine, x)])

    def of_model(tau):
        E = energies(*machine, states(2, A)).ravel()
        return weights(E, tau) @ E

    def slope(value, x):
        tau = temperature(value)
        return (given_x(tau, x).mean() - of_model(tau)) * {"tau": tau**-2, "lam": -1, "log_tau": 1 / tau}[heat]

    def falls(u, size, a):  # the value of a spin with the log-odds 2 size a, for a number u
        return np.where(u < 1 / (1 + np.exp(-below * 2 * size * a)), below * size, -below * size)

    def after(x, numbers):
        for u_h, u_x in numbers:
            h = falls(u_h, G, f * b + k * x @ W.T)
            x = falls(u_x, A, f * c + k * h @ W)
        return x

    def turned(matrix):
        return printed(np.transpose(matrix) if transposed else matrix)

    def compared(answer, expected):  # in one line or in two
        expected = printed(expected)
        return f"assert close({answer}, {expected})" if A == int(A) else f"expected = {expected}\nassert close({answer}, expected)"

    def rows(*values):
        return f"given({printed(A * np.array(values))})"

    big, x = np.array([[1, -1], [0, 2], [1, 1]]), A * np.array([[1, 1], [1, -1]])
    of_W, of_b, of_c = phase(big, [0, 0.5, -1], x)
    machine = np.array([[1, -1], [0, 2]]), np.array([0, 0.5]), np.array([1, -2])
    one, two, cold = {"tau": (1.0, 2.0, 0.001), "lam": (1.0, 0.5, 1000.0), "log_tau": (0.0, 1.0, -7.0)}[heat]
    pictures = [[1, 1], [1, -1], [-1, 1], [-1, -1]]
    pair = next(pair for pair in itertools.permutations(pictures, 2)
                if slope(one, A * np.array(pair)) * slope(two, A * np.array(pair[1:])) < 0)

    W, b, c = np.array([[1, 0], [0, 2]]), np.array([0, 0.5]), np.array([0.5, -2])
    u_h, u_x = np.array([[[0.9, 0.9], [0.1, 0.2]], [[0.4, 0.8], [0.6, 0.3]]]), np.array([[[0.6, 0.4], [0.8, 0.3]]])
    start = A * np.array([[1, 1], [-1, 1]])
    once = after(start, [(u_h[0], u_x[0])])
    numbers = [(0.2, 0.1, 0.7, 0.3), *itertools.product([0.7, 0.1, 0.3, 0.9, 0.02, 0.98], repeat=4)]
    last = next((u for u in numbers if (after(once, [(u_h[1], np.reshape(u, (2, 2)))]) != once).any()), numbers[0])  # a step one sees
    twice = after(once, [(u_h[1], np.reshape(last, (2, 2)))])
    step = [0.1 * (up - down) for up, down in zip(phase(W, b, x), phase(W, b, once), strict=True)]

    wide, wide_b, wide_c = np.array([[1, -1, 0], [0, 2, 1]]), np.array([0, 0.5]), np.array([1, -2, 0])
    images = A * np.array([[1, 1, 1], [1, -1, 1]])
    of_images = weights(energies(wide, wide_b, wide_c, states(3, A))).sum(axis=1) @ states(3, A)
    flat = weights(energies(0 * wide, wide_b, 0 * wide_c, states(3, A))).sum(axis=1) @ states(3, A)

    small, small_b, small_c = np.array([[1, -1]]), np.array([0.5]), np.array([1, 0])
    joint = weights(energies(small, small_b, small_c, states(2, A)))
    T = (joint / joint.sum(axis=1, keepdims=True)) @ (joint / joint.sum(axis=0)).T
    s, h = states(2, A), mean_h(small, small_b, states(2, A))
    begin = np.array([0, 1, 0, 2]) / 3

    def bias(k_steps):
        return k * h.T @ ((joint.sum(axis=1) - begin @ np.linalg.matrix_power(T, k_steps))[:, None] * s)

    return {
        "given([[1, -1], [0, 2], [1, 1]])": f"given({flipped(big, transposed)})",
        "x = given([[1, 1], [1, -1]])\nof_W": f"x = {rows([1, 1], [1, -1])}\nof_W",
        "expected = [[0.482014, -0.482014], [0.040733, 0.945881], [0, 0.761594]]":
            f"expected = {turned(of_W)}" if len(turned(of_W)) < 68 else f"expected = {turned(of_W)}".replace("], [", "],\n            ["),
        "[0.482014, 0.040733, 0]": printed(of_b),
        "assert close(of_c, [1, 0])": f"assert close(of_c, {printed(of_c)})",
        "[0.5, 0, 0.119203]": printed(phase(1000 * big, [0, 0.5, -1], x)[1]),
        "given([[1, -1], [0, 2]])": f"given({flipped(machine[0], transposed)})",
        "c, x = given([1, -2]), given([[1, 1], [1, -1]])": f"c, x = given([1, -2]), {rows([1, 1], [1, -1])}",
        "energy_given_x(W, b, c, 1.0, x), [-1.466536, -6.285778]": f"energy_given_x(W, b, c, {one}, x), {printed(given_x(temperature(one), x))}",
        "energy_given_x(W, b, c, 2.0, x), [-1.120709, -5.475912]": f"energy_given_x(W, b, c, {two}, x), {printed(given_x(temperature(two), x))}",
        "energy_of_model(W, b, c, 1.0), -6.063939": f"energy_of_model(W, b, c, {one}), {printed(of_model(temperature(one)))}",
        "energy_of_model(W, b, c, 2.0), -4.261145": f"energy_of_model(W, b, c, {two}), {printed(of_model(temperature(two)))}",
        "energy_of_model(W, b, c, 0.001), -6.5)": f"energy_of_model(W, b, c, {cold}), {printed(of_model(temperature(cold)))})",
        "x = given([[1, 1], [1, -1]])\nassert": f"x = {rows(*pair)}\nassert",
        "temperature_slope(W, b, c, 1.0, x), 2.187783": f"temperature_slope(W, b, c, {one}, x), {printed(slope(one, A * np.array(pair)))}",
        "temperature_slope(W, b, c, 2.0, x[1:]), -0.303692":
            f"temperature_slope(W, b, c, {two}, x[1:]), {printed(slope(two, A * np.array(pair[1:])))}",
        "x, none = given([[1, 1], [-1, 1]])": f"x, none = {rows([1, 1], [-1, 1])}",
        "[[0.2, 0.1], [0.7, 0.3]]": printed(np.reshape(last, (2, 2))),
        "assert close(negative_sample(W, b, c, x, u_h[:1], u_x[:1]), [[-1, 1], [1, 1]])": compared("negative_sample(W, b, c, x, u_h[:1], u_x[:1])", once),
        "assert close(negative_sample(W, b, c, x, u_h, u_x), [[1, 1], [1, 1]])": compared("negative_sample(W, b, c, x, u_h, u_x)", twice),
        "x, particles = given([[1, 1], [1, -1]]), given([[1, 1], [-1, 1]])":
            f"x, particles = {rows([1, 1], [1, -1])}, {rows([1, 1], [-1, 1])}" if A == int(A)
            else f"x = {rows([1, 1], [1, -1])}\nparticles = {rows([1, 1], [-1, 1])}",
        "[[1, 0], [0.004073, 1.995927]]": turned(W + step[0]),
        "[0.076159, 0.405412]": printed(b + step[1]),
        "[0.6, -2.1]": printed(c + step[2]),
        "assert close(answer[3], [[-1, 1], [1, 1]])": f"assert close(answer[3], {printed(once)})",
        "given([[1, -1, 0], [0, 2, 1]])": f"given({flipped(wide, transposed)})",
        "x = given([[1, 1, 1], [1, -1, 1]])": f"x = {rows([1, 1, 1], [1, -1, 1])}",
        "[0.080434, 0.963696, 1.663203]": printed(f * (images.mean(axis=0) - of_images)),
        "0 * c, x), [1, 0, 1])": f"0 * c, x), {printed(f * (images.mean(axis=0) - flat))})",
        "x = given([[1, 1], [1, -1], [-1, 1], [1, -1]])": f"x = {rows([1, 1], [1, -1], [-1, 1], [1, -1])}",
        "assert close(nats_lost(given([[1, -1, 1], [1, 1, -1]])), np.log(2))":
            f"assert close(nats_lost({rows([1, -1, 1], [1, 1, -1])}), np.log(2))" if A == int(A)
            else f"x = {rows([1, -1, 1], [1, 1, -1])}\nassert close(nats_lost(x), np.log(2))",
        "given([[1, -1]])": f"given({flipped(small, transposed)})",
        "[0.027611, 0.120009, 0.648362, 0.204018]": printed(T[0]),
        "[0.057526, 0.419614, 0.097796, 0.425064]": printed(T[1]),
        "x = given([[1, 1], [-1, 1], [1, 1]])": f"x = {rows([1, 1], [-1, 1], [1, 1])}",
        "[[0.109557, -0.214917]]": turned(bias(1)),
        "[[0.055962, -0.109781]]": turned(bias(2)),
        "cd_bias(W, b, c, x, 300), [[0, 0]]": f"cd_bias(W, b, c, x, 300), {turned(bias(300))}",
    }


def translations(sizes, signs, transposed, heat, below):
    (A, G), (k, f) = sizes, (-signs[0], -signs[1])
    matrix = "W.T" if transposed else "W"
    W, b, c, x = f"given({k * A * G} * {matrix})", f"given({f * G} * b)", f"given({f * A} * c)", f"given(x / {A})"
    turn = ".T" if transposed else ""
    tau = {"tau": "tau", "lam": "1 / lam", "log_tau": "np.exp(log_tau)"}[heat]
    along = {"tau": "{}", "lam": "-{} / lam**2", "log_tau": "{} * np.exp(log_tau)"}[heat]
    u_h, u_x = (u if below > 0 else f"given(1 - {u})" for u in ("u_h", "u_x"))
    plain = 'np.asarray(t.detach() if hasattr(t, "detach") else t)'
    scales = f"({k * A * G}, {f * G}, {f * A}, {A})"
    return {
        "positive_phase": ("W, b, x", f"[scale * np.transpose(t, axes) for t, scale, axes in zip(practice({W}, {b}, {x}), {scales}, "
                                      f"({(1, 0) if transposed else (0, 1)}, (0,), (0,)))]"),
        "energy_given_x": (f"W, b, c, {heat}, x", f"practice({W}, {b}, {c}, {tau}, {x})"),
        "energy_of_model": (f"W, b, c, {heat}", f"practice({W}, {b}, {c}, {tau})"),
        "temperature_slope": (f"W, b, c, {heat}, x", along.format(f"np.asarray(practice({W}, {b}, {c}, {tau}, {x}))")),
        "negative_sample": ("W, b, c, x, u_h, u_x", f"{A} * np.asarray(practice({W}, {b}, {c}, {x}, {u_h}, {u_x}))"),
        "pcd_update": ("W, b, c, x, particles, u_h, u_x, rate",
                       f"[np.transpose(old + scale * ({plain} - scale * old), axes) for t, old, scale, axes in zip("
                       f"practice({W}, {b}, {c}, {x}, given(particles / {A}), {u_h}, {u_x}, rate), "
                       f"({matrix}, b, c, 0), {scales}, ({(1, 0) if transposed else (0, 1)}, (0,), (0,), (0, 1)))]"),
        "missing_gradient": ("W, b, c, x", f"{f * A} * np.asarray(practice({W}, {b}, {c}, {x}))"),
        "nats_lost": ("x", f"practice({x})"),
        "transition_matrix": ("W, b, c", f"practice({W}, {b}, {c})"),
        "cd_bias": ("W, b, c, x, k", f"{k * A * G} * np.asarray(practice({W}, {b}, {c}, {x}, k)){turn}"),
    }
