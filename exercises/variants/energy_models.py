"""Variants of the sheet on spins: how long a spin is, the signs in its energy, whose conditional was misprinted.

With spins s = a t and t = -1 or +1, the energy K sum J s s + F sum f s, K and F being signs, is that
of the practice sheet, -sum J' t t - sum f' t, for J' = -K a^2 J and f' = -F a f.
"""

import numpy as np

from . import shown

PRACTICE = {"size": 1.0, "signs": (-1, -1), "layer": "hidden", "transposed": False}
CHOICES = {"size": (0.5, 1.5, 2.0, 3.0), "signs": ((-1, 1), (1, -1), (1, 1)), "layer": ("visible",), "transposed": (False, True)}
NAMES = {
    "ising_energy": ("spin_energy", "energy_of_spins", "row_energy"),
    "log_partition": ("log_normalizer", "log_sum_of_weights", "log_Z"),
    "energy_drop": ("drop_energy", "energy_gain", "energy_fall"),
    "prob_up": ("prob_plus", "prob_positive", "up_probability"),
    "gibbs_sweep": ("sweep", "sweep_of_gibbs", "one_sweep"),
    "to_spins": ("spins_from_bits", "as_spins", "bits_to_spins"),
    "chain_log_partition": ("chain_log_normalizer", "log_Z_of_chain", "chain_log_Z"),
    "chain_mean": ("chain_means", "mean_chain", "spin_means"),
}
LATEX = {0.5: r"\frac{1}{2}", 1.0: "1", 1.5: r"\frac{3}{2}", 2.0: "2", 3.0: "3"}


def edits(size, signs, layer, transposed):
    pairs, fields = signs
    a, one = LATEX[size], size == 1
    up, down = f"{size:.1f}", f"{-size:.1f}"
    sign = {-1: "-", 1: "+"}
    lead = {-1: "-", 1: ""}
    F = sign[fields]  # in an energy
    k, f = sign[-pairs], sign[-fields]  # in an exponent
    K_, k_, f_ = lead[pairs], lead[-pairs], lead[-fields]  # at its beginning
    jj, ff = -pairs * size**2, -fields * size

    def energies(rows):
        J = np.array([[0, 2, 0], [2, 0, -1], [0, -1, 0]])
        s = size * np.array(rows)
        return pairs * np.einsum("ni,ij,nj->n", s, J, s) / 2 + fields * (s @ [0.5, 0, 1])

    def up_of(J, field, others):
        return 1 / (1 + np.exp(-2 * (jj * J * np.array(others) + ff * field)))

    def times(factor, what):
        return what if factor == 1 else f"{factor:g} * {what}"

    s0 = f"{size:g}"
    pair, field = (1, 0.5) if one else (round(size**-2, 1), round(0.5 / size, 1))
    per_pair, per_field = ("", "") if one else (f"{size**-2:g} * ", f"{1 / size:g} * ")
    found = {
        # the energy
        r"that are $-1$ or $+1$. Everything": rf"that are $-{a}$ or $+{a}$. Everything",
        r"E(s) = -\sum_{i<j} J_{ij} s_i s_j - \sum_i f_i s_i": rf"E(s) = {K_}\sum_{{i<j}} J_{{ij}} s_i s_j {F} \sum_i f_i s_i",
        '    return -0.5 * np.einsum("ni,ij,nj->n", s, J, s) - s @ f': f'    return {K_}0.5 * np.einsum("ni,ij,nj->n", s, J, s) {F} s @ f',
        "s = given([[1, 1, 1], [1, -1, 1], [-1, -1, -1]])": f"s = given([[{s0}, {s0}, {s0}], [{s0}, -{s0}, {s0}], [-{s0}, -{s0}, -{s0}]])",
        "[-2.5, -0.5, 0.5]": shown(energies([[1, 1, 1], [1, -1, 1], [-1, -1, -1]])),
        "rng.choice([-1.0, 1.0], ": f"rng.choice([{down}, {up}], ",
        "        -sum(J[i, j] * row[i] * row[j] for i in range(d) for j in range(i))\n        - sum(f[i]":
            f"        {K_}sum(J[i, j] * row[i] * row[j] for i in range(d) for j in range(i))\n        {F} sum(f[i]",
        # log Z
        "itertools.product([-1.0, 1.0], repeat=len(f))": f"itertools.product([{down}, {up}], repeat=len(f))",
        '    a = 0.5 * np.einsum("ni,ij,nj->n", s, J, s) + s @ f': f'    a = {k_}0.5 * np.einsum("ni,ij,nj->n", s, J, s) {f} s @ f',
        "np.log(2 * np.e + 2 / np.e)": "np.log(2 * np.e + 2 / np.e)" if one else f"np.log(4 * np.cosh({size**2:g}))",
        "for row in itertools.product([-1, 1], repeat=d):": "for row in itertools.product([-1, 1], repeat=d):" if one
            else f"for row in itertools.product([{down}, {up}], repeat=d):",
        "        total += np.exp(pairs + sum(f[i] * row[i] for i in range(d)))":
            f"        total += np.exp({k_}pairs {f} sum(f[i] * row[i] for i in range(d)))",
        "900 + np.log(2)": f"{900 * size**2:g} + np.log(2)",
        "expected = np.logaddexp(f, -f).sum()": "expected = np.logaddexp(f, -f).sum()" if one
            else f"expected = np.logaddexp({s0} * f, -{s0} * f).sum()",
        "weights = [j * s * t + f[0] * s + f[1] * t for s": f"weights = [{k_}j * s * t {f} f[0] * s {f} f[1] * t for s",
        "weights = [J[200] * s * t + f[200] * s + f[201] * t for s": f"weights = [{k_}J[200] * s * t {f} f[200] * s {f} f[201] * t for s",
        " in (-1, 1) for t in (-1, 1)]": " in (-1, 1) for t in (-1, 1)]" if one else f" in ({down}, {up}) for t in ({down}, {up})]",
        # Gibbs sampling
        "probability that spin $i$ is $+1$, given": rf"probability that spin $i$ is $+{a}$, given",
        "the energy is with $s_i = +1$ than with $s_i = -1$": f"the energy is with $s_i = +{a}$ than with $s_i = -{a}$",
        "the probability that $s_i = +1$ given": f"the probability that $s_i = +{a}$ given",
        "    return 2 * (f[i] + s @ J[i])": f"    return {2 * size:g} * ({f_}f[i] {k} s @ J[i])",
        "s = given([[1, 1, 1], [1, -1, 1]])": f"s = given([[{s0}, {s0}, {s0}], [{s0}, -{s0}, {s0}]])",
        "s, 0), [5, -3])": f"s, 0), {shown([2 * (jj * 2 + ff * 0.5), 2 * (jj * -2 + ff * 0.5)])})",
        's, 1), [2, 2]), "spin i itself must not matter"': 's, 1), [2, 2]), "spin i itself must not matter"' if one
            else f's, 1), {shown([2 * jj, 2 * jj])}), "spin i must not matter"',
        "for spin in (-1, 1):": "for spin in (-1, 1):" if one else f"for spin in ({down}, {up}):",
        "energies.append(-pairs - sum(f[a]": f"energies.append({K_}pairs {F} sum(f[a]",
        "    return 0.5 * (1 + np.tanh(f[i] + s @ J[i]))": f"    return 0.5 * (1 + np.tanh({times(size, '(f[i] + s @ J[i])')[(1 if one else 0):(-1 if one else None)]}))"
            if pairs == fields == -1 else f"    return 0.5 * (1 + np.tanh({s0} * ({f_}f[i] {k} s @ J[i])))",
        "s = given([[1, 1], [-1, 1]])": f"s = given([[{s0}, {s0}], [-{s0}, {s0}]])",
        "J, f = given([[0, 1], [1, 0]]), given([0, 0.5])": f"J, f = given([[0, {pair:g}], [{pair:g}, 0]]), given([0, {field:g}])",
        "[0.880797, 0.880797]": shown(up_of(pair, 0, [1, 1])),
        "[0.952574, 0.268941]": shown(up_of(pair, field, [1, -1])),
        "assert close(prob_up(2000 * J, f, s, 1), [1, 0])": f"assert close(prob_up(2000 * J, f, s, 1), {[1, 0] if jj > 0 else [0, 1]})",
        "        log_odds = 2 * sum(J[i, n] * row[n] for n in range(d)) + 2 * f[i]":
            f"        log_odds = {shown(-2 * size * pairs)} * sum(J[i, n] * row[n] for n in range(d)) + {shown(-2 * size * fields)} * f[i]",
        "set spin $i$ of each row to $+1$ where": f"set spin $i$ of each row to $+{a}$ where",
        "given what the other spins are *by then*, and to $-1$ elsewhere": f"given what the other spins are *by then*, and to $-{a}$ elsewhere",
        "        p = 0.5 * (1 + np.tanh(f[i] + s @ J[i]))": "        p = 0.5 * (1 + np.tanh(f[i] + s @ J[i]))" if (one and pairs == fields == -1)
            else f"        p = 0.5 * (1 + np.tanh({s0} * ({f_}f[i] {k} s @ J[i])))",
        "np.where(u[:, i] < p, 1.0, -1.0)": f"np.where(u[:, i] < p, {up}, {down})",
        "s, u = given([[1, -1], [1, 1]]), given([[0.5, 0.5], [0.5, 0.5]])":
            f"s, u = given([[{s0}, -{s0}], [{s0}, {s0}]]), given([[0.5, 0.5], [0.5, 0.5]])",
        "[[-1, -1], [1, 1]])\nprint": f"{shown(size * np.array([[-1, -1], [1, 1]]) if jj > 0 else size * np.array([[1, -1], [-1, 1]]))})\nprint",
        "            log_odds = 2 * f[i] + 2 * sum(J[i, n] * row[n] for n in range(d) if n != i)":
            f"            log_odds = {shown(-2 * size * fields)} * f[i] + {shown(-2 * size * pairs)} * sum(J[i, n] * row[n] for n in range(d) if n != i)",
        "row[i] = 1 if uniform[i] < 1 / (1 + np.exp(-log_odds)) else -1":
            f"row[i] = {s0} if uniform[i] < 1 / (1 + np.exp(-log_odds)) else -{s0}",
        # bits
        "Put $x_i = (1 + s_i)/2$": "Put $x_i = (1 + s_i)/2$" if one else rf"Put $x_i = \frac{{1}}{{2}} + s_i / {shown(2 * size)}$" if size != 0.5
            else r"Put $x_i = \frac{1}{2} + s_i$",
        r"Multiply $x_i x_j = \frac{1}{4}(1 + s_i)(1 + s_j)$ out. A spin collects a quarter from each pair it is in.":
            r"Multiply $x_i x_j = \frac{1}{4}(1 + s_i)(1 + s_j)$ out. A spin collects a quarter from each pair it is in." if one
            else "Multiply $x_i x_j$ out. A spin collects something from each pair it is in.",
        "    return A / 4, a / 2 + A.sum(axis=1) / 4, constant": "    return A / 4, a / 2 + A.sum(axis=1) / 4, constant" if (one and pairs == fields == -1)
            else f"    return A / {shown(4 * jj)}, (a / 2 + A.sum(axis=1) / 4) / {shown(ff)}, constant",
        "assert close(J, [[0, 1], [1, 0]])": f"assert close(J, {shown([[0, 1 / jj], [1 / jj, 0]])})",
        "assert close(f, [2, 1])": f"assert close(f, {shown([2 / ff, 1 / ff])})",
        "spins = [2 * bit - 1 for bit in bits]": "spins = [2 * bit - 1 for bit in bits]" if one else f"spins = [{s0} * (2 * bit - 1) for bit in bits]",
        "        of_spins = -sum(J[i, j] * spins[i] * spins[j] for i in range(d) for j in range(i)) - f @ spins":
            f"        of_spins = {K_}sum(J[i, j] * spins[i] * spins[j] for i in range(d) for j in range(i)) {F} f @ spins",
        # the chain
        r"The energy is $-\sum_i J_i s_i s_{i+1} - \sum_i f_i s_i$": rf"The energy is ${K_}\sum_i J_i s_i s_{{i+1}} {F} \sum_i f_i s_i$",
        r"e^{m_i(s_i) + f_i s_i + J_i s_i s_{i+1}}": rf"e^{{m_i(s_i) {f} f_i s_i {k} J_i s_i s_{{i+1}}}}",
        "s = np.array([-1.0, 1.0])": f"s = np.array([{down}, {up}])",
        "terms = (message + f[i] * s)[:, None] + J[i]": f"terms = (message {f} f[i] * s)[:, None] {k} J[i]",
        "np.logaddexp(*(message + f[-1] * s))": f"np.logaddexp(*(message {f} f[-1] * s))",
        "np.log(4 * np.cosh(1))": f"np.log(4 * np.cosh({size**2:g}))",
        "        np.exp(sum(J[i] * s[i] * s[i + 1] for i in range(n - 1)) + sum(f[i] * s[i] for i in range(n)))\n":
            f"        np.exp({k_}sum(J[i] * s[i] * s[i + 1] for i in range(n - 1)) {f} sum(f[i] * s[i] for i in range(n)))\n",
        "itertools.product([-1, 1], repeat=n)": "itertools.product([-1, 1], repeat=n)" if one else f"itertools.product([{down}, {up}], repeat=n)",
        "1999 * np.log(np.cosh(0.3))": f"1999 * np.log(np.cosh({0.3 * size**2:g}))",
        "np.log(np.cosh(J)).sum()": "np.log(np.cosh(J)).sum()" if one else f"np.log(np.cosh({size**2:g} * J)).sum()",
        "np.log(np.cosh(f)).sum()": "np.log(np.cosh(f)).sum()" if one else f"np.log(np.cosh({s0} * f)).sum()",
        "terms = (left[i] + f[i] * s)[:, None] + J[i]": f"terms = (left[i] {f} f[i] * s)[:, None] {k} J[i]",
        "terms = (right[i + 1] + f[i + 1] * s)[:, None] + J[i]": f"terms = (right[i + 1] {f} f[i + 1] * s)[:, None] {k} J[i]",
        "(left + right + np.outer(f, s)).T": f"(left + right {f} np.outer(f, s)).T",
        "    return np.tanh((up - down) / 2)": "    return np.tanh((up - down) / 2)" if one else f"    return {s0} * np.tanh((up - down) / 2)",
        "[np.tanh(0.5)]": "[np.tanh(0.5)]" if (one and fields == -1) else f"[{size * -fields:g} * np.tanh({0.5 * size:g})]",
        "np.tanh(1) * np.tanh(2) ** np.arange(1000)": "np.tanh(1) * np.tanh(2) ** np.arange(1000)" if (one and pairs == fields == -1)
            else f"{size * -fields:g} * np.tanh({s0}) * np.tanh({2 * jj:g}) ** np.arange(1000)",
        "[-np.tanh(1) * np.prod(np.tanh(J[i:])) for": "[-np.tanh(1) * np.prod(np.tanh(J[i:])) for" if (one and pairs == fields == -1)
            else f"[{size * fields:g} * np.tanh({s0}) * np.prod(np.tanh({jj:g} * J[i:])) for",
        # what is drawn for hidden tests, so that spins of any size have the energies of spins of size 1
        "    J = rng.normal(size=(d, d))": f"    J = {per_pair}rng.normal(size=(d, d))",
        "    J = 1.5 * rng.normal(size=(d, d))": f"    J = 1.5 * {per_pair}rng.normal(size=(d, d))",
        "f, s = rng.normal(size=d), ": f"f, s = {per_field}rng.normal(size=d), ",
        "    f = rng.normal(size=d)\n": f"    f = {per_field}rng.normal(size=d)\n",
        "f, s, u = rng.normal(size=d),": f"f, s, u = {per_field}rng.normal(size=d),",
        "J, f = rng.normal(size=n - 1), rng.normal(size=n)": f"J, f = {per_pair}rng.normal(size=n - 1), {per_field}rng.normal(size=n)",
        # the misprint
        **misprint(layer, transposed),
    }
    return found


def misprint(layer, transposed):
    """The formulas that do not go together, for either layer and with either index of w first."""
    hidden = layer == "hidden"
    w = "w_{ji}" if transposed else "w_{ij}"
    shape = "(hidden, visible)" if transposed else "(visible, hidden)"
    size = "(n_hidden, n_visible)" if transposed else "(n_visible, n_hidden)"
    known, unit, bias = ("v", "h", "c") if hidden else ("h", "v", "b")
    total = {(True, False): "v @ w + c", (True, True): "v @ w.T + c", (False, False): "h @ w.T + b", (False, True): "h @ w + b"}
    entry = "w[j, i]" if transposed else "w[i, j]"
    example = "[[1.0], [-2.0]]" if hidden == transposed else "[[1.0, -2.0]]"
    biases = "given([3.0]), given([0.0, 2.0])" if hidden else "given([0.0, 2.0]), given([3.0])"
    place = ("n, j", "i", "n_visible", "c[j]") if hidden else ("n, i", "j", "n_hidden", "b[i]")
    n_known, n_unit = ("n_visible", "n_hidden") if hidden else ("n_hidden", "n_visible")
    printed = (r"hidden units have the conditional $p(h_j = 1 \mid v) = \operatorname{sigm}(\sum_i W v_i + c_j)$" if hidden
               else r"visible units have the conditional $p(v_i = 1 \mid h) = \operatorname{sigm}(\sum_j W h_j + b_i)$").replace("W", w)
    return {
        r"$E(v, h) = \sum_{ij} w_{ij} v_i h_j": rf"$E(v, h) = \sum_{{ij}} {w} v_i h_j",
        r"hidden units have the conditional $p(h_j = 1 \mid v) = \operatorname{sigm}(\sum_i w_{ij} v_i + c_j)$": printed,
        r"`conditional_as_printed(w, b, c, v)`: the conditional $p(h_j = 1 \mid v)$":
            rf"`conditional_as_printed(w, b, c, {known})`: the conditional $p({unit}_{'j' if hidden else 'i'} = 1 \mid {known})$",
        "The shapes are (visible, hidden), (visible,), (hidden,) and (batch, visible); the answer is (batch, hidden).":
            f"The shapes are {shape}, (visible,), (hidden,) and (batch, {'visible' if hidden else 'hidden'}); the answer is (batch, {layer}).",
        "def conditional_as_printed(w, b, c, v):": f"def conditional_as_printed(w, b, c, {known}):",
        "np.tanh((v @ w + c) / 2)": f"np.tanh(({total[hidden, transposed]}) / 2)",
        "w, b, c = given([[1.0, -2.0]]), given([3.0]), given([0.0, 2.0])": f"w, b, c = given({example}), {biases}",
        '"here the energy does not depend on h"': f'"here the energy does not depend on {unit}"',
        "rng.normal(size=(n_visible, n_hidden))": f"rng.normal(size={size})",
        "    v = rng.choice([0.0, 1.0], size=(5, n_visible))": f"    {known} = rng.choice([0.0, 1.0], size=(5, {n_known}))",
        "expected = np.empty((5, n_hidden))": f"expected = np.empty((5, {n_unit}))",
        "for n, j in np.ndindex(expected.shape):": f"for {place[0]} in np.ndindex(expected.shape):",
        "sum(w[i, j] * v[n, i] for i in range(n_visible)) + c[j]": f"sum({entry} * {known}[n, {place[1]}] for {place[1]} in range({place[2]})) + {place[3]}",
        "expected[n, j] = on": f"expected[{place[0]}] = on",
        "conditional_as_printed(w, b, c, v), expected": f"conditional_as_printed(w, b, c, {known}), expected",
        "repaired(given([[1.0, -2.0]]),": f"repaired(given({'[[1.0], [-2.0]]' if transposed else '[[1.0, -2.0]]'}),",
        "[(1, 2), (1,), (2,)]": f"[{'(2, 1)' if transposed else '(1, 2)'}, (1,), (2,)]",
        "rng.normal(size=(3, 2)), rng.normal(size=3), rng.normal(size=2)":
            f"rng.normal(size={'(2, 3)' if transposed else '(3, 2)'}), rng.normal(size=3), rng.normal(size=2)",
        "[(3, 2), (3,), (2,)]": f"[{'(2, 3)' if transposed else '(3, 2)'}, (3,), (2,)]",
        "meant = -(v @ w @ h + b": f"meant = -({'h @ w @ v' if transposed else 'v @ w @ h'} + b",
        "v @ new[0] @ h + new": f"{'h @ new[0] @ v' if transposed else 'v @ new[0] @ h'} + new",
    }


def translations(size, signs, layer, transposed):
    pairs, fields = signs
    J, f = f"given({-pairs * size**2!r} * J)", f"given({-fields * size!r} * f)"
    rows = f"given(s / {size!r})"
    w = "w" if transposed == (layer == "visible") else "given(w.T)"
    return {
        "ising_energy": ("J, f, s", f"practice(given({-pairs} * J), given({-fields} * f), s)"),  # in which the size has no part
        "log_partition": ("J, f", f"practice({J}, given({size!r} * f))"),  # all spins turned round: f and -f have one Z
        "energy_drop": ("J, f, s, i", f"practice({J}, {f}, {rows}, i)"),
        "prob_up": ("J, f, s, i", f"practice({J}, {f}, {rows}, i)"),
        "gibbs_sweep": ("J, f, s, u", f"{size!r} * np.asarray(practice({J}, {f}, {rows}, u))"),
        "to_spins": ("A, a", f"[np.asarray(part) / scale for part, scale in zip(practice(A, a), ({-pairs * size**2!r}, {-fields * size!r}, 1))]"),
        "chain_log_partition": ("J, f", f"practice({J}, given({size!r} * f))"),
        "chain_mean": ("J, f", f"{size!r} * np.asarray(practice({J}, {f}))"),
        "conditional_as_printed": (("w, b, c, h", f"practice({w}, c, b, h)") if layer == "visible" else ("w, b, c, v", f"practice({w}, b, c, v)")),
    }
