"""Variants of the sheet on noise: where the uniform numbers lie and which way they turn, how a spread is given,
which triangle makes a Gaussian correlated, what was misprinted, and whether a choice weighs logits or costs.

The noise of the practice sheet is a + b u for the variant's u. A spread, a triangle and a misprint are each
another name for the practice sheet's own parameter, so an answer is turned by renaming and the chain rule.
"""

import math

import numpy as np

from . import shown

PRACTICE = {"noise": "share", "scale": "scale", "factor": "lower", "spread": "log_sd", "misprint": "two", "weights": "logits"}
CHOICES = {"noise": ("centred", "above", "falling"), "scale": ("rate", "log"), "factor": ("upper", "inverse"),
           "spread": ("variance", "log_var", "precision", "log_precision"), "misprint": ("half", "sign", "square"),
           "weights": ("costs",)}
NAMES = {
    "log_density": ("log_density_at", "log_density_of_rows", "gaussian_log_density"),
    "log_mass": ("log_integral", "log_total", "log_of_the_integral"),
    "entropy_error": ("entropy_gap", "error_of_entropy", "entropy_excess"),
}

SHARE = {"share": (0, 1), "centred": (0.5, 0.5), "above": (1, -1), "falling": (0.5, -0.5)}  # the practice sheet's u is a + b u


def edits(noise, scale, factor, spread, misprint, weights):
    return warm_up(noise, scale) | triangle(factor) | by_hand(spread) | estimators(spread) | printed(misprint) | choice(noise, weights)


def warm_up(noise, scale):
    """Exercise 1, and the words on noise before it."""
    a, b = SHARE[noise]

    def u(*shares):
        return shown([round((share - a) / b, 3) for share in shares])

    wide = noise in ("centred", "falling")
    latex = {"share": "u", "centred": r"\frac{1 + u}{2}", "above": "1 - u", "falling": r"\frac{1 - u}{2}"}[noise]
    code = {"share": "u", "centred": "(1 + u) / 2", "above": "1 - u", "falling": "(1 - u) / 2"}[noise]
    log_odds = {"share": "np.log(u) - np.log1p(-u)", "centred": "np.log1p(u) - np.log1p(-u)",
                "above": "np.log1p(-u) - np.log(u)", "falling": "np.log1p(-u) - np.log1p(u)"}[noise]
    sign = "-" if b > 0 else "+"
    tail = "np.sign(u) * np.log(1 - np.abs(u))" if wide else "np.sign(u - 0.5) * np.log(1 - 2 * np.abs(u - 0.5))"
    name = {"scale": "s", "rate": "r", "log": "log_s"}[scale]
    words = {"scale": "", "rate": " In place of a scale there is a rate, `r`: the larger it is, the narrower the distribution.",
             "log": r" The scale $s$ comes as its logarithm: `log_s` holds $\log s$."}[scale]
    ratio, density, left = {
        "scale": (r"(z - \mu) / s", r"\frac{1}{2s} e^{-|z - \mu| / s}", r"e^{(z - \mu) / s}"),
        "rate": (r"r (z - \mu)", r"\frac{r}{2} e^{-r |z - \mu|}", r"e^{r (z - \mu)}"),
        "log": (r"(z - \mu) / s", r"\frac{1}{2s} e^{-|z - \mu| / s}", r"e^{(z - \mu) / s}"),
    }[scale]
    scaled = {"scale": "(z - mu) / s", "rate": "r * (z - mu)", "log": "(z - mu) / np.exp(log_s)"}[scale]
    logistic = {"scale": f"mu + s * ({log_odds})", "rate": f"mu + ({log_odds}) / r", "log": f"mu + np.exp(log_s) * ({log_odds})"}[scale]
    if scale == "scale":
        laplace = f"    return mu {sign} s * {tail}\n"
    elif wide:
        laplace = f"    return mu {sign} {f'{tail} / r' if scale == 'rate' else f'np.exp(log_s) * {tail}'}\n"
    else:
        laplace = f"    standard = {tail}\n    return mu {sign} {'standard / r' if scale == 'rate' else 'np.exp(log_s) * standard'}\n"

    def example(*shares):
        scales = {"scale": "[1, 1, 2]", "rate": "[1, 1, 0.5]", "log": "[0, 0, np.log(2)]"}[scale]
        if scale == "scale":
            return f"mu, s, u = given([0, 1, 1]), given({scales}), given({u(*shares)})"
        return f"mu, {name} = given([0, 1, 1]), given({scales})\nu = given({u(*shares)})"

    drawn = {"scale": "0.3, 3", "rate": "0.3, 3", "log": "-1, 1"}[scale]
    return {
        "uniform numbers strictly between 0 and 1": f"uniform numbers strictly between {'$-1$' if wide else '0'} and {'$1$' if wide else '1'}",
        "the inverse of its cumulative distribution function $F(z) = u$. All arrays have the same shape.":
            "the inverse of its cumulative distribution function $F(z) = u$. All arrays have the same shape." if noise == "share" and not words
            else f"the $z$ at which its cumulative distribution function is $F(z) = {latex}$. All arrays have the same shape.{words}",
        "logistic(mu, s, u)": f"logistic(mu, {name}, u)",
        "laplace(mu, s, u)": f"laplace(mu, {name}, u)",
        r"\operatorname{sigm}((z - \mu) / s)": rf"\operatorname{{sigm}}({ratio})",
        r"\frac{1}{2s} e^{-|z - \mu| / s}": density,
        r"$F(z) = \frac{1}{2} e^{(z - \mu) / s}$": rf"$F(z) = \frac{{1}}{{2}} {left}$",
        "    return mu + s * (np.log(u) - np.log1p(-u))": f"    return {logistic}",
        "    return mu - s * np.sign(u - 0.5) * np.log(1 - 2 * np.abs(u - 0.5))\n": laplace,
        "mu, s, u = given([0, 1, 1]), given([1, 1, 2]), given([0.5, 0.5, 0.75])": example(0.5, 0.5, 0.75),
        "mu, s, u = given([0, 1, 1]), given([1, 1, 2]), given([0.5, 0.25, 0.75])": example(0.5, 0.25, 0.75),
        "mu, s, u = rng.normal(size=shape), rng.uniform(0.3, 3, size=shape), rng.uniform(0.01, 0.99, size=shape)":
            f"mu, {name}, u = rng.normal(size=shape), rng.uniform({drawn}, size=shape), "
            f"rng.uniform({'-0.98, 0.98' if wide else '0.01, 0.99'}, size=shape)",
        '1 / (1 + np.exp(-(z - mu) / s)), u), "F of the sample is not u"':
            f'1 / (1 + np.exp(-{scaled})), {code}), "F of the sample is not {code}"',
        "    t = (z - mu) / s\n": f"    t = {scaled}\n",
        'assert close(cdf, u), "F of the sample is not u"': f'assert close(cdf, {code}), "F of the sample is not {code}"',
    }


def triangle(factor):
    """Exercise 2: z = mu + L eps with L lower or upper triangular, or eps = L (z - mu)."""
    upper, inverse = factor == "upper", factor == "inverse"
    L = "U" if upper else "L"
    matrix = np.array([[1, 2], [0, 3]] if upper else [[1, 0], [2, 3]], dtype=float)
    eps = np.array([[0, 0], [1, 5]] if inverse else [[0, 0], [1, 1]], dtype=float)
    z = [1, 0] + eps @ (np.linalg.inv(matrix) if inverse else matrix).T
    log_q = -0.5 * (eps**2).sum(1) - np.log(2 * np.pi) + (1 if inverse else -1) * np.log(3)
    loops = "expected[n, i] = mu[i] + math.exp(raw[i, i]) * eps[n, i] + sum(raw[i, j] * eps[n, j] for j in range(i))"
    return {
        "From it make a lower triangular $L$ with a positive diagonal: below the diagonal $L$ is `raw`,":
            f"From it make {'an upper' if upper else 'a lower'} triangular ${L}$ with a positive diagonal: "
            f"{'above' if upper else 'below'} the diagonal ${L}$ is `raw`,",
        r"above it is zero. Then $z = \mu + L \varepsilon$.": f"{'below' if upper else 'above'} it is zero. "
            + (r"It takes a sample back to its noise: $\varepsilon = L (z - \mu)$." if inverse else rf"Then $z = \mu + {L} \varepsilon$."),
        r"Undo the sampler: which $\varepsilon$ gave $z$? The volume grows by $|\det L|$, the product of the diagonal.":
            r"Which $\varepsilon$ gave $z$? From $z$ to $\varepsilon$ the volume grows by $|\det L|$, the product of the diagonal." if inverse
            else rf"Undo the sampler: which $\varepsilon$ gave $z$? The volume grows by $|\det {L}|$, the product of the diagonal.",
        "    L = np.tril(raw, -1) + np.diag": f"    {L} = {'np.triu(raw, 1)' if upper else 'np.tril(raw, -1)'} + np.diag",
        "    return mu + eps @ L.T": "    return mu + np.linalg.solve(L, eps.T).T" if inverse else f"    return mu + eps @ {L}.T",
        "    eps = np.linalg.solve(L, (z - mu).T)": "    eps = L @ (z - mu).T" if inverse else f"    eps = np.linalg.solve({L}, (z - mu).T)",
        "    log_volume = np.trace(raw) + 0.5 * len(mu) * np.log(2 * np.pi)\n    return -0.5 * (eps**2).sum(axis=0) - log_volume":
            "    log_volume = np.trace(raw) - 0.5 * len(mu) * np.log(2 * np.pi)\n    return -0.5 * (eps**2).sum(axis=0) + log_volume" if inverse
            else "    log_volume = np.trace(raw) + 0.5 * len(mu) * np.log(2 * np.pi)\n    return -0.5 * (eps**2).sum(axis=0) - log_volume",
        "given([[0, 9], [2, np.log(3)]])": f"given([{'[0, 2], [9' if upper else '[0, 9], [2'}, np.log(3)]])",
        "assert close(correlated(mu, raw, given([[0, 0], [1, 1]])), [[1, 0], [2, 5]])":
            f"assert close(correlated(mu, raw, given({shown(eps)})), {shown(z)})",
        "log_density(mu, raw, given([[1, 0], [2, 5]]))": f"log_density(mu, raw, given({shown(z)}))",
        "[-2.936489, -3.936489]": shown(log_q),
        "mu, raw, eps = rng.normal(size=K), rng.normal(size=(K, K)), rng":
            f"mu, raw, eps = rng.normal(size=K), {'0.5 * ' if inverse else ''}rng.normal(size=(K, K)), rng",
        loops: "done = sum(raw[i, j] * (expected[n, j] - mu[j]) for j in range(i))\n"
               "        expected[n, i] = mu[i] + (eps[n, i] - done) / math.exp(raw[i, i])" if inverse
            else loops.replace("range(i)", "range(i + 1, K)") if upper else loops,
        "    L = np.array([[math.exp(raw[i, i]) if i == j else raw[i, j] * (j < i) for j in range(K)] for i in range(K)])\n"
        "    covariance = L @ L.T":
            f"    {L} = np.array([[math.exp(raw[i, i]) if i == j else raw[i, j] * (j {'>' if upper else '<'} i) for j in range(K)] for i in range(K)])\n"
            f"    covariance = {'np.linalg.inv(L.T @ L)' if inverse else f'{L} @ {L}.T'}",
    }


# a spread's name in code and formulas, and the standard deviation it stands for
SPREADS = {
    "log_sd": ("lam", r"\lambda", r"e^{\lambda}", "np.exp({})"),
    "variance": ("v", "v", r"\sqrt{v}", "np.sqrt({})"),
    "log_var": ("lam", r"\lambda", r"e^{\lambda / 2}", "np.exp({} / 2)"),
    "precision": ("gamma", r"\gamma", r"\gamma^{-1/2}", "{} ** -0.5"),
    "log_precision": ("lam", r"\lambda", r"e^{-\lambda / 2}", "np.exp(-{} / 2)"),
}


def by_hand(spread):
    """The derivation in exercise 2: of the practice sheet by sigma, of a variant by what its exercise 3 has."""
    practice = spread == "log_sd"
    _, p, sd, _ = (None, r"\sigma", r"\sigma", None) if practice else SPREADS[spread]
    first, second, factor = {
        "log_sd": ("", r"\sigma \, ", ""),
        "variance": (r"\frac{1}{2 \sqrt{v}} \, ", r"\frac{1}{2} \, ", r"\frac{1}{2 \sqrt{v}}"),
        "log_var": (r"\frac{1}{2} e^{\lambda / 2} \, ", r"\frac{1}{2} e^{\lambda} \, ", r"\frac{1}{2} e^{\lambda / 2}"),
        "precision": (r"-\frac{1}{2} \gamma^{-3/2} \, ", r"-\frac{1}{2} \gamma^{-2} \, ", r"-\frac{1}{2} \gamma^{-3/2}"),
        "log_precision": (r"-\frac{1}{2} e^{-\lambda / 2} \, ", r"-\frac{1}{2} e^{-\lambda} \, ", r"-\frac{1}{2} e^{-\lambda / 2}"),
    }[spread]
    narrower = "precision" in spread
    slope, brief = rf"\int f'(\mu + {sd} \varepsilon) \, \varepsilon \, \varphi(\varepsilon) \, d\varepsilon", r"\mathbb{E}[f'(z) \, \varepsilon]"
    curve = rf"\int f''(\mu + {sd} \varepsilon) \, \varphi(\varepsilon) \, d\varepsilon"
    return {
        r"smooth function of a number and $z = \mu + \sigma \varepsilon$ with": rf"smooth function of a number and $z = \mu + {sd} \varepsilon$ with",
        r"Show that $\frac{\partial}{\partial \sigma} \mathbb{E}[f(z)] = \mathbb{E}[f'(z) \, \varepsilon]$, and that this equals $\sigma \, \mathbb{E}[f''(z)]$.":
            rf"Show that $\frac{{\partial}}{{\partial {p}}} \mathbb{{E}}[f(z)] = {first}\mathbb{{E}}[f'(z) \, \varepsilon]$, "
            rf"and that this equals ${second}\mathbb{{E}}[f''(z)]$.",
        r"| the chain rule gives $f'(z) \, \varepsilon$ | 1 |":
            r"| the chain rule gives $f'(z) \, \varepsilon$ | 1 |" if practice else r"| the chain rule gives $f'(z) \, \varepsilon$ and the factor before it | 1 |",
        "| for convex $f$ more noise never lowers the mean | 1 |":
            "| for convex $f$ more precision never raises the mean | 1 |" if narrower else "| for convex $f$ more noise never lowers the mean | 1 |",
        r"$\mathbb{E}[f(z)] = \int f(\mu + \sigma \varepsilon) \,": rf"$\mathbb{{E}}[f(z)] = \int f(\mu + {sd} \varepsilon) \,",
        r"by the chain rule it is $\int f'(\mu + \sigma \varepsilon) \, \varepsilon \, \varphi(\varepsilon) \, d\varepsilon = \mathbb{E}[f'(z) \, \varepsilon]$.":
            rf"by the chain rule it is ${first}{slope} = {first}{brief}$."
            + ("" if practice else rf" The factor is the derivative of ${sd}$ by ${p}$."),
        r"Since $\varphi'(\varepsilon) = -\varepsilon \varphi(\varepsilon)$, this is $-\int f'(\mu + \sigma \varepsilon) \, \varphi'(\varepsilon) \, d\varepsilon$. "
        r"Integrate by parts.":
            rf"Since $\varphi'(\varepsilon) = -\varepsilon \varphi(\varepsilon)$, "
            rf"{'this' if practice else 'the integral'} is $-\int f'(\mu + {sd} \varepsilon) \, \varphi'(\varepsilon) \, d\varepsilon$. Integrate by parts.",
        r"and $\sigma \int f''(\mu + \sigma \varepsilon) \, \varphi(\varepsilon) \, d\varepsilon = \sigma \, \mathbb{E}[f''(z)]$ remains.":
            rf"and ${sd} {curve} = {sd} \, \mathbb{{E}}[f''(z)]$ remains."
            + ("" if practice else rf" Times ${factor}$, this is ${second}\mathbb{{E}}[f''(z)]$."),
        "the mean of $f$ never falls as the noise grows.":
            "the derivative is never positive, and the mean of $f$ never grows with the precision." if narrower
            else "the mean of $f$ never falls as the noise grows.",
    }


def estimators(spread):
    """Exercise 3."""
    name, p, sd, code = SPREADS[spread]
    practice, positive = spread == "log_sd", spread in ("variance", "precision")
    what = {"log_sd": "log of the standard deviation", "variance": "variance", "log_var": "log of the variance",
            "precision": "precision, one over the variance", "log_precision": "log of the precision, which is one over the variance"}[spread]
    log_q = {"log_sd": r"-\lambda - \frac{1}{2} (z - \mu)^2 e^{-2\lambda}",
             "variance": r"-\frac{1}{2} \log v - \frac{1}{2} (z - \mu)^2 / v",
             "log_var": r"-\frac{1}{2} \lambda - \frac{1}{2} (z - \mu)^2 e^{-\lambda}",
             "precision": r"\frac{1}{2} \log \gamma - \frac{1}{2} \gamma (z - \mu)^2",
             "log_precision": r"\frac{1}{2} \lambda - \frac{1}{2} (z - \mu)^2 e^{\lambda}"}[spread]
    z = {"precision": "mu + eps / np.sqrt(gamma)"}.get(spread, f"mu + {code.format(name)} * eps")
    path = {"log_sd": "slope * np.exp(lam) * eps", "variance": "slope * eps / (2 * np.sqrt(v))", "log_var": "slope * np.exp(lam / 2) * eps / 2",
            "precision": "-slope * eps / (2 * gamma**1.5)", "log_precision": "-slope * np.exp(-lam / 2) * eps / 2"}[spread]
    score = {"log_sd": "eps / np.exp(lam), eps**2 - 1", "variance": "eps / np.sqrt(v), (eps**2 - 1) / (2 * v)",
             "log_var": "eps / np.exp(lam / 2), (eps**2 - 1) / 2", "precision": "eps * np.sqrt(gamma), (1 - eps**2) / (2 * gamma)",
             "log_precision": "eps * np.exp(lam / 2), (1 - eps**2) / 2"}[spread]
    tested = {"log_sd": "-v - 0.5 * ((z - m) * np.exp(-v)) ** 2", "variance": "-0.5 * np.log(v) - 0.5 * (z - m) ** 2 / v",
              "log_var": "-v / 2 - 0.5 * (z - m) ** 2 * np.exp(-v)", "precision": "0.5 * np.log(v) - 0.5 * v * (z - m) ** 2",
              "log_precision": "v / 2 - 0.5 * (z - m) ** 2 * np.exp(v)"}[spread]
    # the example: f = 5 + z^2 at mu = 1, with a standard deviation of 1, or 2 where the spread is not a logarithm
    sigma, value, slope = {"variance": (2, 4.0, 1 / 4), "precision": (2, 0.25, -4), "log_sd": (1, 0.0, 1),
                           "log_var": (1, 0.0, 0.5), "log_precision": (1, 0.0, -0.5)}[spread]  # slope: of sigma by the spread
    baseline, eps = 6.0 if practice else 4.0, np.array([0, 1, -1])
    draws = 1 + sigma * eps
    paths = np.stack([2 * draws, 2 * draws * eps * slope], axis=1)
    scores = (5 + draws**2 - baseline)[:, None] * np.stack([eps / sigma, (eps**2 - 1) / sigma * slope], axis=1)
    return {
        r"Let $z = \mu + e^{\lambda} \varepsilon$, so that $\lambda$ is the log of the standard deviation, and let":
            rf"Let $z = \mu + {sd} \varepsilon$, so that ${p}$ is the {what}, and let",
        r"with respect to $(\mu, \lambda)$": rf"with respect to $(\mu, {p})$",
        "pathwise(a, mu, lam, eps)": f"pathwise(a, mu, {name}, eps)",
        "score(a, mu, lam, eps, baseline)": f"score(a, mu, {name}, eps, baseline)",
        r"$\log q(z) = -\lambda - \frac{1}{2} (z - \mu)^2 e^{-2\lambda}$ and a constant": f"$\\log q(z) = {log_q}$ and a constant",
        "    z = mu + np.exp(lam) * eps\n": f"    z = {z}\n",
        "    return np.stack([slope, slope * np.exp(lam) * eps], axis=1)": f"    return np.stack([slope, {path}], axis=1)",
        "    gradient = np.stack([eps / np.exp(lam), eps**2 - 1], axis=1)":
            f"    gradient = [{score}]\n    gradient = np.stack(gradient, axis=1)" if len(score) > 44 else f"    gradient = np.stack([{score}], axis=1)",
        "1.0, 0.0, given([0, 1, -1]))": f"1.0, {value}, given([0, 1, -1]))",
        "1.0, 0.0, given([0, 1, -1]), 6.0)": f"1.0, {value}, given([0, 1, -1]), {baseline})",
        "[[2, 0], [4, 4], [0, 0]]": shown(paths),
        "[[0, 0], [3, 0], [1, 0]]": shown(scores),
        "a, mu, lam, eps = rng.normal(size=4), float(rng.normal()), float(rng.normal() / 2),":
            f"a, mu, {name}, eps = rng.normal(size=4), float(rng.normal()), float({'np.exp(rng.normal() / 2)' if positive else 'rng.normal() / 2'}),",
        "(m + np.exp(v) * eps) ** n": f"(m + {code.format('v')} * eps) ** n",
        "f(mu + t, lam) - f(mu - t, lam)": f"f(mu + t, {name}) - f(mu - t, {name})",
        "f(mu, lam + t) - f(mu, lam - t)": f"f(mu, {name} + t) - f(mu, {name} - t)",
        "mu + np.exp(lam) * eps, 1e-5": f"mu + {code.format(name)} * eps, 1e-5",
        "-v - 0.5 * ((z - m) * np.exp(-v)) ** 2": tested,
        "log_q(mu + t, lam) - log_q(mu - t, lam)": f"log_q(mu + t, {name}) - log_q(mu - t, {name})",
        "log_q(mu, lam + t) - log_q(mu, lam - t)": f"log_q(mu, {name} + t) - log_q(mu, {name} - t)",
    }


def printed(misprint):
    """Exercise 4: what is wrong with the log-density, and what follows."""
    practice = misprint == "two"
    square = r"- \frac{(z - \mu)^2}{2 \sigma^2}"
    formula, fault, code, mass, error = {
        "two": (rf"-\log \sigma^2 {square}", "a half and a constant are missing", "-value - z**2 / (2 * np.exp(value))",
                "0.5 * np.log(2 * np.pi) - 0.5 * log_var", "0.5 * log_var - 0.5 * np.log(2 * np.pi)"),
        "half": (rf"-\frac{{1}}{{2}} \log 2\pi - \log \sigma^2 {square}", "a half is missing",
                 "-0.5 * np.log(2 * np.pi) - value - z**2 / (2 * np.exp(value))", "-0.5 * log_var", "0.5 * log_var"),
        "sign": (rf"-\frac{{1}}{{2}} \log 2\pi + \frac{{1}}{{2}} \log \sigma^2 {square}", "a sign is wrong",
                 "-0.5 * np.log(2 * np.pi) + value / 2 - z**2 / (2 * np.exp(value))", "log_var", "-log_var"),
        "square": (r"-\frac{1}{2} \log 2\pi - \log \sigma - \frac{(z - \mu)^2}{2 \sigma}", "a square is missing",
                   "-0.5 * np.log(2 * np.pi) - value / 2 - z**2 / (2 * np.exp(value / 2))", "-0.25 * log_var", "0.5 * np.expm1(0.5 * log_var)"),
    }[misprint]
    return {
        r"A public derivation writes the log-density of the encoder's sample as $\log q(z) = -\log \sigma^2 - \frac{(z - \mu)^2}{2 \sigma^2}$, "
        "where a half and a constant are missing.":
            rf"{'A public derivation writes' if practice else 'A derivation has'} the log-density of the encoder's sample as $\log q(z) = {formula}$, "
            f"where {fault}.",
        "    return 0.5 * np.log(2 * np.pi) - 0.5 * log_var": f"    return {mass}",
        "    return 0.5 * log_var - 0.5 * np.log(2 * np.pi)": f"    return {error}",
        "given([np.log(2 * np.pi)])": f"given([{'np.log(2 * np.pi)' if practice else '0'}])",
        "    z = np.exp(value / 2) * np.linspace(-10, 10, 4001)": f"    z = np.exp(value / 2) * np.linspace({'-40, 40, 16001' if misprint == 'square' else '-10, 10, 4001'})",
        "-value - z**2 / (2 * np.exp(value))": code,
    }


def choice(noise, weights):
    """Exercise 5."""
    logits = weights == "logits"
    u = {"share": "{}", "centred": "(1 + {}) / 2", "above": "1 - {}", "falling": "(1 - {}) / 2"}[noise]
    latex = {"share": r"\log u_j", "centred": r"\log \frac{1 + u_j}{2}", "above": r"\log(1 - u_j)", "falling": r"\log \frac{1 - u_j}{2}"}[noise]
    plus = {"share": r"-\log(-\log u_j)"}.get(noise, rf"-\log\left(-{latex}\right)")
    wide, (a, b) = noise in ("centred", "falling"), SHARE[noise]
    noises = np.round((np.array([[0.5, 0.5], [0.9, 0.1]]) - a) / b, 3)
    entry = u.format("u[n, k]")
    least = r"\text{logits}_j + g_j" if logits else r"\text{costs}_j - g_j"
    noisy = r"\text{logits} + g" if logits else r"g - \text{costs}"
    t = "logits" if logits else "-costs"
    return {
        r"$g_j = -\log(-\log u_j)$, the largest of $\text{logits}_j + g_j$ is at $j$ with the probability that a softmax of the logits gives. `logits` and":
            rf"$g_j = {plus}$, the {'largest' if logits else 'smallest'} of ${least}$ is at $j$ with the probability that a softmax of "
            f"{'the logits' if logits else 'minus the costs'} gives. `{weights}` and",
        "choose(logits, u)": f"choose({weights}, u)",
        "relaxed(logits, u, ": f"relaxed({weights}, u, ",
        r"a softmax of $(\text{logits} + g) / \tau$ in place of the largest.":
            rf"a softmax of $({noisy}) / \tau$ in place of the {'largest' if logits else 'smallest'}.",
        "    best = (logits - np.log(-np.log(u))).argmax(axis=1)\n    return np.eye(logits.shape[1])[best]":
            f"    best = ({'logits -' if logits else 'costs +'} np.log(-np.log({u.format('u')}))).{'argmax' if logits else 'argmin'}(axis=1)\n"
            f"    return np.eye({weights}.shape[1])[best]",
        "    t = (logits - np.log(-np.log(u))) / tau": f"    t = ({t} - np.log(-np.log({u.format('u')}))) / tau",
        "logits, u = given([[0, 1], [0, 1]]), given([[0.5, 0.5], [0.9, 0.1]])":
            f"{weights}, u = given({'[[0, 1], [0, 1]]' if logits else '[[1, 0], [1, 0]]'}), "
            f"given({shown(noises)})",
        "logits, u = rng.normal(size=(40, K)), rng.uniform(0.001, 0.999,":
            f"{weights}, u = rng.normal(size=(40, K)), rng.uniform({'-0.998, 0.998' if wide else '0.001, 0.999'},",
        "values = [logits[n, k] - math.log(-math.log(u[n, k]))": f"values = [{t}[n, k] - math.log(-math.log({entry}))",
        "logits, u = rng.normal(size=(5, K)), rng.uniform(0.05, 0.95,":
            f"{weights}, u = rng.normal(size=(5, K)), rng.uniform({'-0.9, 0.9' if wide else '0.05, 0.95'},",
        "math.exp((logits[n, k] - math.log(-math.log(u[n, k]))) / tau)": f"math.exp(({t}[n, k] - math.log(-math.log({entry}))) / tau)",
        "logits = 5 * np.array([rng.permutation(4) for _ in range(6)]) + 5.0":
            f"{weights} = {'5' if logits else '-5'} * np.array([rng.permutation(4) for _ in range(6)]) {'+' if logits else '-'} 5.0",
        "expected = np.eye(4)[logits.argmax(axis=1)]": f"expected = np.eye(4)[{weights}.{'argmax' if logits else 'argmin'}(axis=1)]",
        "relaxed(logits, np.full((6, 4), 0.5), 0.004)": f"relaxed({weights}, np.full((6, 4), {'0.0' if wide else '0.5'}), 0.004)",
    }


def translations(noise, scale, factor, spread, misprint, weights):
    a, b = SHARE[noise]
    u = f"given({a!r} + {b!r} * u)"
    name, scaled = {"scale": ("s", "s"), "rate": ("r", "given(1 / r)"), "log": ("log_s", "given(np.exp(log_s))")}[scale]
    # the log of the standard deviation, and its derivative
    p, lam, slope = {"log_sd": ("lam", "lam", "1"), "variance": ("v", "float(np.log(v) / 2)", "0.5 / v"), "log_var": ("lam", "lam / 2", "0.5"),
                     "precision": ("gamma", "float(-np.log(gamma) / 2)", "-0.5 / gamma"), "log_precision": ("lam", "-lam / 2", "-0.5")}[spread]
    flip = "given(mu[::-1]), given(raw[::-1, ::-1])"
    inverse = ("(lambda M: given(np.tril(M, -1) + np.diag(np.log(np.diag(M))) + np.triu(raw, 1)))"
               "(np.linalg.inv(np.tril(raw, -1) + np.diag(np.exp(np.diag(raw)))))")
    correlated, density = {
        "lower": ("practice(mu, raw, eps)", "practice(mu, raw, z)"),
        "upper": (f"np.asarray(practice({flip}, given(eps[:, ::-1])))[:, ::-1]", f"practice({flip}, given(z[:, ::-1]))"),
        "inverse": (f"practice(mu, {inverse}, eps)", f"practice(mu, {inverse}, z)"),
    }[factor]
    # the log-variance at which the practice sheet's formulas give the answer
    constant = repr(math.log(2 * math.pi))
    mass, entropy = {"two": ("log_var", "log_var"), "half": (f"{constant} + log_var",) * 2, "sign": (f"{constant} - 2 * log_var",) * 2,
                     "square": (f"{constant} + log_var / 2", f"{constant} + np.exp(log_var / 2) - 1")}[misprint]
    weighed = "logits" if weights == "logits" else "given(-costs)"
    return {
        "logistic": (f"mu, {name}, u", f"practice(mu, {scaled}, {u})"),
        "laplace": (f"mu, {name}, u", f"practice(mu, {scaled}, {u})"),
        "correlated": ("mu, raw, eps", correlated),
        "log_density": ("mu, raw, z", density),
        "pathwise": (f"a, mu, {p}, eps", f"np.asarray(practice(a, mu, {lam}, eps)) * [1, {slope}]"),
        "score": (f"a, mu, {p}, eps, baseline", f"np.asarray(practice(a, mu, {lam}, eps, baseline)) * [1, {slope}]"),
        "log_mass": ("log_var", f"practice(given({mass}))"),
        "entropy_error": ("log_var", f"practice(given({entropy}))"),
        "choose": (f"{weights}, u", f"practice({weighed}, {u})"),
        "relaxed": (f"{weights}, u, tau", f"practice({weighed}, {u}, tau)"),
    }
