r"""Variants of the sheet on an RBM of spins: how long its spins are, the signs in its energy, which way round W lies.

With spins x = A t and h = G u, where t and u are -1 or +1, the energy K h'W x + B (c.x + b.h), K and B
being signs, is that of the practice sheet, -u'W't - c'.t - b'.u, for W' = -K A G W, c' = -B A c and
b' = -B G b. Units of three values v0, v0 + d and v0 + 2 d are v0 + d times units that are 0, 1 or 2.
"""

import numpy as np

from . import shown

PRACTICE = {"sizes": (1, 1), "signs": (-1, -1), "transposed": False, "three": (0, 1, 2), "layer": "hidden", "error": "b - c"}
CHOICES = {"sizes": ((1, 2), (1, 0.5), (2, 0.5), (0.5, 2), (0.5, 3), (1.5, 0.5)), "signs": ((1, -1), (-1, 1), (1, 1)),
           "transposed": (False, True), "three": ((-1, 0, 1), (0, 2, 4), (-2, 0, 2), (-2, -1, 0)),
           "layer": ("hidden", "visible"), "error": ("c - b",)}
NAMES = {
    "prob_up": ("prob_plus", "prob_positive", "hidden_up"),
    "log_factors": ("log_factor", "factor_logs", "log_terms"),
    "mean_of_three": ("three_valued_mean", "mean_of_ternary", "ternary_mean"),
    "energy_of_code": ("code_energy", "energy_behind_code", "energy_as_coded"),
    "log_odds_error": ("log_odds_gap", "log_odds_difference", "gap_in_log_odds"),
    "log_weight": ("log_sum_of_images", "log_mass", "log_total"),
    "fill_in": ("restore", "complete_image", "prob_of_pixels"),
}
LATEX = {0.5: r"\frac{1}{2}", 1.5: r"\frac{3}{2}"}


def joined(*terms):
    """Terms, each a sign and a text, in a row."""
    text = "".join(f" {'+' if sign > 0 else '-'} {term}" for sign, term in terms)
    return text[3:] if terms[0][0] > 0 else f"-{text[3:]}"


def added(*terms):
    """The same sum with a positive term in front, if there is one."""
    return joined(*sorted(terms, key=lambda term: -term[0]))


def times(factor, *terms):
    """A factor times a sum, in code."""
    if factor == 1:
        return added(*terms)
    if all(sign < 0 for sign, _ in terms):
        factor, terms = -factor, [(1, term) for _, term in terms]
    return f"{factor:g} * ({added(*terms)})"


def latex(number):
    return LATEX.get(number, f"{number:g}")


def units(sizes):
    """Which values the units of both layers take, in words."""
    a, g = map(latex, sizes)
    return f"$x_i$ and $h_j$ are $-{a}$ or $+{a}$" if a == g else f"$x_i$ is $-{a}$ or $+{a}$, and $h_j$ is $-{g}$ or $+{g}$"


def energy(signs, transposed, of_x="c", of_h="b"):
    """The energy of a machine, in LaTeX."""
    K, B = signs
    pair = r"x^\top W h" if transposed else r"h^\top W x"
    return "E(x, h) = " + joined((K, pair), (B, rf"{of_x}^\top x"), (B, rf"{of_h}^\top h"))


def printed(values):
    """Numbers as code, six decimals at most."""
    return shown(np.round(values, 6))


def flipped(matrix, transposed):
    """A matrix of an example, as code."""
    return shown(np.array(matrix).T if transposed else matrix)


def edits(sizes, signs, transposed, three, layer, error):
    (A, G), (K, B) = sizes, signs
    k, f = -K, -B  # in an exponent
    practice = signs == (-1, -1)
    a, g = map(latex, sizes)
    both = f"[{-A:.1f}, {A:.1f}]"
    hidden, visible = f"itertools.product([{-G:g}, {G:g}], repeat=n_hidden)", f"itertools.product([{-A:g}, {A:g}], repeat=n_visible)"
    shape = "(n_visible, n_hidden)" if transposed else "(n_hidden, n_visible)"
    entry = "W[i, j]" if transposed else "W[j, i]"
    pair, of_h = r"x^\top W h" if transposed else r"h^\top W x", r"b^\top h"
    row = r"(W^\top x)_j" if transposed else "W_j x"
    column = "W_i h" if transposed else r"(W^\top h)_i"
    drive = added((f, "b_j"), (k, row))
    at = {name: (f"{name} @ W" if transposed else f"{name} @ W.T") for name in ("x", "images")}
    exponent = {name: joined((k, f"np.dot({name}, W @ h)" if transposed else f"np.dot(h, W @ {name})"), (f, f"c @ {name}"), (f, "b @ h"))
                for name in ("row", "image")}
    sum_over = f"sum({entry} * x[n, i] for i in range(n_visible))"
    scale = "" if G == 1 else f"{G:g} * "

    def a_of(W, b, x):
        return G * (f * np.array(b) + k * np.array(x) @ np.transpose(W))

    def log_factors(W, b, x):
        return np.logaddexp(a_of(W, b, x), -a_of(W, b, x))

    def prob(value):
        return 0.5 * (1 + np.tanh(value))

    def mean(a):
        logits = np.multiply.outer(a, three)
        p = np.exp(logits - logits.max(-1, keepdims=True))
        return p @ three / p.sum(-1)

    big, small, x = [[1, -1], [0, 2], [1, 1]], [[1, -1], [0, 2]], A * np.array([[1, 1], [1, -1]])
    up = prob(a_of(big, [0, 0.5, -1], x))
    logs = log_factors(small, [0, 0.5], x)
    far = log_factors(1000 * np.array(small), [0, 0.5], x)[1]
    free = -f * (x @ [1, -2]) - logs.sum(axis=1)
    of_three = f * np.array([0, 0.5]) + k * np.array([[0, 1], [0, 0]]) @ np.transpose(small)
    far_three = f * np.array([0, 0.5]) + 1000 * k * np.array([0, 1]) @ np.transpose(small)
    agree = np.logaddexp(4 * A * G, -4 * A * G)  # the first two pixels; where they differ it is log 2
    filled = [1, 1 / (1 + np.exp(np.log(2) - agree)), prob(f * A * 0.5)]
    example = f"given({flipped(small, transposed)})"
    two = f"given({shown(x)})"
    b_minus_c = f if layer == "hidden" else -f  # the code's log-odds minus the true ones, in units of b - c
    code_first = (b_minus_c > 0) == (error == "b - c")
    known, unit = ("x", "h_j") if layer == "hidden" else ("h", "x_i")

    return {
        # the machine
        "the units of both layers are spins: $x_i$ and $h_j$ are $-1$ or $+1$.": f"the units of both layers are spins: {units(sizes)}.",
        r"The energy looks as it does in the chapters, $E(x, h) = -h^\top W x - c^\top x - b^\top h$, with $W$ of shape (hidden, visible)":
            f"The energy {'looks as it does in the chapters,' if practice else 'is not that of the chapters: it is'} "
            f"${energy(signs, transposed)}$, with $W$ of shape {'(visible, hidden)' if transposed else '(hidden, visible)'}",
        "What follows from it looks different.": f"What follows from it looks different{'' if practice else ', too'}.",
        "size=(n_hidden, n_visible)": f"size={shape}",
        "x = rng.choice([-1.0, 1.0]": f"x = rng.choice({both}",
        "given([[1, -1], [0, 2], [1, 1]])": f"given({flipped(big, transposed)})",
        # which way a hidden spin points
        "the probability that $h_j = +1$ given $x$": f"the probability that $h_j = +{g}$ given $x$",
        "those of $h_j = -1$ and $h_j = +1$. By": f"those of $h_j = -{g}$ and $h_j = +{g}$. By",
        "    return 0.5 * (1 + np.tanh(b + x @ W.T))": f"    return 0.5 * (1 + np.tanh({times(G, (f, 'b'), (k, at['x']))}))",
        "x = given([[1, 1], [1, -1]])\nanswer": f"x = {two}\nanswer",
        "[0.5, 0.993307, 0.880797]": printed(up[0]),
        "[0.982014, 0.047426, 0.119203]": printed(up[1]),
        "[1, 0, 0.119203]": printed(prob(a_of(1000 * np.array(big), [0, 0.5, -1], x[1]))),
        "        a = b[j] + sum(W[j, i] * x[n, i] for i in range(n_visible))\n        expected[n, j] = np.exp(-np.logaddexp(0, -2 * a))":
            f"        a = {added((f, 'b[j]'), (k, sum_over))}\n        expected[n, j] = np.exp(-np.logaddexp(0, {'-a' if G == 0.5 else f'{-2 * G:g} * a'}))",
        # hidden spins summed out
        "Once $e^{c^\\top x}$ has left": f"Once $e^{{{joined((f, 'c'))}^\\top x}}$ has left",
        r"\pm 1": rf"\pm {g}",
        "e^{h_j (b_j + W_j x)}": f"e^{{h_j ({drive})}}",
        "    a = b + x @ W.T\n    return np.logaddexp": f"    a = {times(G, (f, 'b'), (k, at['x']))}\n    return np.logaddexp",
        "W, b, x = given([[1, -1], [0, 2]]), given([0, 0.5]), given([[1, 1], [1, -1]])":
            f"W, b, x = {example}, given([0, 0.5]), {two}" if A == int(A) else f"W, b = {example}, given([0, 0.5])\nx = {two}",
        "[[0.693147, 2.506715], [2.018150, 1.548587]]": printed(logs),
        "[2000, 1999.5]": printed(far),
        "        a = abs(b[j] + sum(W[j, i] * x[n, i] for i in range(n_visible)))":
            f"        a = {scale}abs({added((f * f, 'b[j]'), (f * k, sum_over))})",
        "    a = b + x @ W.T\n    return -(x @ c) - np.logaddexp":
            f"    a = {times(G, (f, 'b'), (k, at['x']))}\n    return {'-(x @ c)' if f > 0 else 'x @ c'} - np.logaddexp",
        "W, b = given([[1, -1], [0, 2]]), given([0, 0.5])\nc, x = given([1, -2]), given([[1, 1], [1, -1]])":
            f"W, b = {example}, given([0, 0.5])\nc, x = given([1, -2]), {two}",
        "[-2.199863, -6.566737]": printed(free),
        "np.dot(h, W @ row) + c @ row + b @ h": exponent["row"],
        "itertools.product([-1, 1], repeat=n_hidden)": hidden,
        "itertools.product([-1, 1], repeat=n_visible)": visible,
        # by hand
        "e^{a_j} + e^{-a_j}": "e^{a_j} + e^{-a_j}" if G == 1 else "e^{a_j / 2} + e^{-a_j / 2}" if G == 0.5 else f"e^{{{G} a_j}} + e^{{-{G} a_j}}",
        "$a_j = b_j + W_j x$": f"$a_j = {drive}$",
        r"$p(x, h) = \frac{1}{Z} e^{c^\top x} \prod_j": rf"$p(x, h) = \frac{{1}}{{Z}} e^{{{joined((f, 'c'))}^\top x}} \prod_j",
        r"since $h^\top W x + b^\top h = \sum_j h_j (W_j x + b_j)$. In the ratio, $\frac{1}{Z} e^{c^\top x}$ stands":
            rf"since ${joined((k, pair), (f, of_h))} = \sum_j h_j ({joined((k, row), (f, 'b_j'))})$. In the ratio, $\frac{{1}}{{Z}} e^{{{joined((f, 'c'))}^\top x}}$ stands",
        # three values
        **three_values(three, added((f, "b"), (k, at["x"])), added((f, "b[j]"), (k, sum_over))),
        "W, b, x = given([[1, -1], [0, 2]]), given([0, 0.5]), given([[0, 1], [0, 0]])":
            f"W, b, x = {example}, given([0, 0.5]), given([[0, 1], [0, 0]])",
        "[[0.424790, 1.912235], [1, 1.320157]]": printed(mean(of_three)),
        "[0, 2]), \"too large?\"": f"{printed(mean(far_three))}), \"too large?\"",
        # the error
        "A public text on machines of bits, 0 or 1,": f"A {'public ' if practice else ''}text on machines of bits, 0 or 1,",
        r"prints the energy $E(x, h) = -h^\top W x - b^\top x - c^\top h$": f"prints the energy ${energy(signs, transposed, 'b', 'c')}$",
        r"\operatorname{sigm}(b_j + W_j x)": rf"\operatorname{{sigm}}({drive})",
        r"\operatorname{sigm}(c_i + (W^\top h)_i)": rf"\operatorname{{sigm}}({added((f, 'c_i'), (k, column))})",
        "    return -((h @ W) * x).sum(axis=1) - h @ b - x @ c":
            f"    return {joined((K, '((x @ W) * h).sum(axis=1)' if transposed else '((h @ W) * x).sum(axis=1)'), (B, 'h @ b'), (B, 'x @ c'))}",
        "[0, -10]": shown([0, 4 * K + 6 * B]),
        "        -sum(h[m, j] * W[j, i] * x[m, i] for i in range(n) for j in range(n)) - sum(b[j]":
            f"        {joined((K, f'sum(h[m, j] * {entry} * x[m, i] for i in range(n) for j in range(n))'), (B, 'sum(b[j]'))}",
        "Write `log_odds_error(W, b, c, x)`: the log-odds of $h_j = 1$ given $x$ as the code has them, minus those that follow from the printed energy.":
            f"Write `log_odds_error(W, b, c, {known})`: the log-odds of ${unit} = 1$ given ${known}$ "
            f"{'as the code has them, minus those that follow from the printed energy' if code_first else 'that follow from the printed energy, minus those of the code'}.",
        "The answer has the shape (batch, hidden).\n#\n# :::{dropdown} Hint for (b)": f"The answer has the shape (batch, {layer}).\n#\n# :::{{dropdown}} Hint for (b)",
        "The log-odds of $h_j = 1$ are $E$ with $h_j = 0$ minus $E$ with $h_j = 1$": f"The log-odds of ${unit} = 1$ are $E$ with ${unit} = 0$ minus $E$ with ${unit} = 1$",
        "def log_odds_error(W, b, c, x):": f"def log_odds_error(W, b, c, {known}):",
        "    return np.tile(b - c, (len(x), 1))": f"    return np.tile({error}, (len({known}), 1))",
        "# (b) The error of the code's log-odds.": "# (b) The error of the code's log-odds." if code_first
            else "# (b) The true log-odds minus the code's.",
        **odds_test(f, k, known, entry, code_first),
        # the project
        "the probability that each pixel is $+1$, given": f"the probability that each pixel is $+{a}$, given",
        "itertools.product([-1.0, 1.0], repeat=len(lost))": f"itertools.product({both}, repeat=len(lost))",
        "    a = b + images @ W.T\n": f"    a = {times(G, (f, 'b'), (k, at['images']))}\n",
        "    log_p = images @ c + np.logaddexp(a, -a).sum(axis=1)": f"    log_p = {added((f, 'images @ c'), (1, 'np.logaddexp(a, -a).sum(axis=1)'))}",
        "W, b, c = given([[0, 0, 0]])": f"W, b, c = given({flipped([[0, 0, 0]], transposed)})",
        "x = given([1, -1, 1])": f"x = given({shown(A * np.array([1, -1, 1]))})",
        "np.log(2) - 1)": f"np.log(2) {'-' if f > 0 else '+'} {A:g})",
        "np.log(4) - 1)": f"np.log(4) {'-' if f > 0 else '+'} {A:g})",
        "x, known = rng.choice([-1.0, 1.0]": f"x, known = rng.choice({both}",
        "np.dot(h, W @ image) + c @ image + b @ h": exponent["image"],
        "W, b, c = given([[2, 2, 0]])": f"W, b, c = given({flipped([[2, 2, 0]], transposed)})",
        "x = given([1, 1, 1])": f"x = given({shown(A * np.ones(3))})",
        "[1, 0.964675, 0.731059]": printed(filled),
        "each pixel follows its own bias": f"each pixel {'follows' if f > 0 else 'goes against'} its own bias",
        "expected = np.where(c > 0, 1, 0)": f"expected = np.where(c {'>' if f > 0 else '<'} 0, 1, 0)",
        "fill_in(np.zeros((2, 4)), np.zeros(2), c, np.ones(4)": f"fill_in(np.zeros({'(4, 2)' if transposed else '(2, 4)'}), np.zeros(2), c, np.ones(4)",
    }


def three_values(three, drive, drive_j):
    """The exercise on units with three values: its words, solution and hidden test."""

    def multiple(value, what):
        return f"{what}" if value == 1 else f"-{what}" if value == -1 else f"{value:g} * {what}"

    def weighted(form):
        return added(*((np.sign(v), multiple(abs(v), form.format(n, multiple(v, "a")))) for n, v in enumerate(three) if v))

    in_latex = [f"${v}$" if v < 0 else f"{v}" for v in three]
    logs = ["$0$" if v == 0 else f"${multiple(v, 'a').replace(' * ', '')}$" for v in three]
    return {
        "let each hidden unit be 0, 1 or 2,": f"let each hidden unit be {in_latex[0]}, {in_latex[1]} or {in_latex[2]},",
        "the log-weights $0$, $a$ and $2a$": f"the log-weights {logs[0]}, {logs[1]} and {logs[2]}",
        "    a = b + x @ W.T\n    logits = np.stack([0 * a, a, 2 * a])":
            f"    a = {drive}\n    logits = np.stack([{', '.join(multiple(v, 'a') for v in three)}])",
        "    return (weights[1] + 2 * weights[2]) / weights.sum(axis=0)":
            f"    return ({weighted('weights[{0}]')}) / weights.sum(axis=0)",
        "that are 0, 1 or 2.": f"that are {three[0]}, {three[1]} or {three[2]}.",
        "        a = b[j] + sum(W[j, i] * x[n, i] for i in range(n_visible))\n        log_z = np.logaddexp(np.logaddexp(0, a), 2 * a)\n"
        "        expected[n, j] = np.exp(a - log_z) + 2 * np.exp(2 * a - log_z)":
            f"        a = {drive_j}\n        log_z = np.logaddexp(np.logaddexp({', '.join(multiple(v, 'a') if v else '0' for v in three[:2])}), {multiple(three[2], 'a') if three[2] else '0'})\n"
            f"        expected[n, j] = {weighted('np.exp({1} - log_z)')}",
    }


def odds_test(f, k, known, entry, code_first):
    """The hidden test of the error: two log-odds, subtracted."""
    hidden = known == "x"
    unit, other, own, wrong = ("j", "i", "c", "b") if hidden else ("i", "j", "b", "c")
    code, true = (f"({added((f, f'{bias}[{unit}]'), (k, 'drive'))})" for bias in (wrong, own))
    first, second = (code, true) if code_first else (true, code)
    return {
        "    x = rng.choice([0.0, 1.0], size=(3, n))": f"    {known} = rng.choice([0.0, 1.0], size=(3, n))",
        "    for m, j in np.ndindex(3, n):\n        drive = sum(W[j, i] * x[m, i] for i in range(n))\n        expected[m, j] = (b[j] + drive) - (c[j] + drive)\n"
        "    assert close(log_odds_error(W, b, c, x), expected)":
            f"    for m, {unit} in np.ndindex(3, n):\n        drive = sum({entry} * {known}[m, {other}] for {other} in range(n))\n"
            f"        expected[m, {unit}] = {first} - {second}\n    assert close(log_odds_error(W, b, c, {known}), expected)",
    }


def translations(sizes, signs, transposed, three, layer, error):
    (A, G), (k, f) = sizes, (-signs[0], -signs[1])
    matrix = "W.T" if transposed else "W"
    W, b, c, x = f"given({k * A * G} * {matrix})", f"given({f * G} * b)", f"given({f * A} * c)", f"given(x / {A})"
    of_bits = f"given({k} * {matrix}), given({f} * b), given({f} * c)"
    start, step = three[0], three[1] - three[0]
    # on the visible side the code's bias is c and the true one b; the other way round once more if the code is subtracted
    known = "x" if layer == "hidden" else "h"
    code_first = (f > 0) == ((layer == "hidden") == (error == "b - c"))
    own, other = (f"given({f} * b)", f"given({f} * c)") if (layer == "hidden") == code_first else (f"given({f} * c)", f"given({f} * b)")
    return {
        "prob_up": ("W, b, x", f"practice({W}, {b}, {x})"),
        "log_factors": ("W, b, x", f"practice({W}, {b}, {x})"),
        "free_energy": ("W, b, c, x", f"practice({W}, {b}, {c}, {x})"),
        "mean_of_three": ("W, b, x", f"{start} + {step} * np.asarray(practice(given({k * step} * {matrix}), given({f * step} * b), x))"),
        "energy_of_code": ("W, b, c, x, h", f"practice({of_bits}, x, h)"),
        "log_odds_error": (f"W, b, c, {known}", f"practice(given({k} * {matrix if layer == 'hidden' else matrix + '.T'}), {own}, {other}, {known})"),
        "log_weight": ("W, b, c, x, known", f"practice({W}, {b}, {c}, {x}, known)"),
        "fill_in": ("W, b, c, x, known", f"practice({W}, {b}, {c}, {x}, known)"),
    }
