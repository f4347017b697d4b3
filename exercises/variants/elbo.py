"""Variants of the sheet on bounds: the base of the logs, how a Gaussian's width is given, the prior, the misprint.

A log to the base b is a natural one over ln b. A latent number z of the prior N(m0, t^2) is m0 + t u
with u of N(0, 1), so x of N(w z, s^2) is x' + m0 w with x' of N(t w u, s^2).
"""

import numpy as np

from . import shown

PRACTICE = {"base": "e", "width": "log_var", "scale": "s", "prior": (0, 1), "printed": "once"}
CHOICES = {"base": ("2", "10"), "width": ("sigma", "v", "lam"), "scale": ("s", "r", "tau"),
           "prior": ((3, 4), (-1, 9), (2, 0.25), (-2, 0.25)), "printed": ("pi", "twice", "none")}
NAMES = {  # of those that are not also words of the text
    "kl_to_prior": ("prior_divergence", "kl_from_prior", "prior_kl"),
    "log_evidence": ("log_marginal", "log_p_of_x", "summed_out"),
    "kl_bits": ("bit_divergence", "bernoulli_kl", "kl_of_coins"),
    "gaussian_log_prob": ("log_density", "normal_log_prob", "gaussian_log_density"),
}
VARIANCE = {"log_var": "exp(log_var)", "sigma": "sigma**2", "v": "v", "lam": "1 / lam"}
AS_VARIANCE = {"log_var": np.exp, "sigma": np.square, "v": np.asarray, "lam": np.reciprocal}
OF_VARIANCE = {"log_var": np.log, "sigma": np.sqrt, "v": np.asarray, "lam": np.reciprocal}


def edits(base, width, scale, prior, printed):
    practice = base == "e"
    log = {"e": "log", "2": "log2", "10": "log10"}[base]
    ln = 1.0 if practice else np.log(int(base))
    per = "" if practice else f" / np.log({base})"
    unit = {"e": "nats", "2": "bits", "10": "hartleys"}[base]
    counted = "" if practice else f", in {unit}"
    log_ = r"\log" if practice else rf"\log_{{{base}}}"
    two = {"e": "np.log(2)", "2": "1", "10": "np.log10(2)"}[base]
    width_ = "v" if practice else width  # as the last exercise has it
    m0, t2 = prior
    mean, power = f"{m0:g}", f"{t2:g}"
    shift = f" - {mean}" if m0 > 0 else f" + {-m0:g}"
    times = {1: "", 2: "2 * ", 3: "3 * "}[max(abs(m0), 1)]
    number = {"s": "one number $s$", "r": "one variance $r$", "tau": r"one precision $\tau$"}[scale]
    spread = {"s": "s^2 I", "r": "r I", "tau": r"\tau^{-1} I"}[scale]
    squared = {"s": "s**2", "r": "r", "tau": "1 / tau"}[scale]

    def over(what, bracket=False):
        """Divided by the noise's variance."""
        return f"tau * {f'({what})' if bracket else what}" if scale == "tau" else f"{what} / {squared}"

    def kl(rows, widths, m, number):
        q, p = AS_VARIANCE["log_var" if practice else width](np.array(widths, float)), number ** {"s": 2, "r": 1, "tau": -1}[scale]
        return 0.5 * ((q + (np.array(rows) - m) ** 2) / p - 1 - np.log(q / p)).sum(axis=1) / ln

    def evidence(x):
        return -0.5 * (np.log(2 * np.pi * (t2 + 1)) + (x - m0) ** 2 / (t2 + 1)) / ln

    def elbo(x, m, v):
        fit = -0.5 * (np.log(2 * np.pi) + (x - m) ** 2 + v)
        return (fit - 0.5 * ((v + (m - m0) ** 2) / t2 - 1 - np.log(v / t2))) / ln

    x = np.array([0, 2])
    post_mean, post_variance = (m0 / t2 + x) / (1 / t2 + 1), np.ones(2) / (1 / t2 + 1)
    post_width = (np.asarray if practice else OF_VARIANCE[width])(post_variance)
    widths = [[0, 0], [0, 1]] if practice else [[1, 1], [1, 2]]
    rows = [[0, 0], [1, 2]]
    draws = "rng.normal(size=(batch, n_latent))" if practice else "rng.uniform(0.4, 2, size=(batch, n_latent))"
    found = {
        "So a bound can be compared with what it bounds.": "So a bound can be compared with what it bounds." + {
            "e": "", "2": r" On this sheet $\log$ is the logarithm to the base 2. What is measured in logs is in bits, not in nats.",
            "10": r" On this sheet $\log$ is the logarithm to the base 10. What is measured in logs is in hartleys (one is a decimal digit), not in nats."}[base],
        # the divergence from another prior
        r"Take $\mathcal{N}(m, s^2 I)$ instead": rf"Take $\mathcal{{N}}(m, {spread})$ instead",
        "and one number $s$ for all directions": f"and {number} for all directions",
        "`kl_to_prior(mu, log_var, m, s)`": f"`kl_to_prior(mu, {width}, m, {scale})`",
        r"\,\|\, \mathcal{N}(m, s^2 I))$ for each row of `mu` and `log_var`, shape (batch,).":
            rf"\,\|\, \mathcal{{N}}(m, {spread}))$ for each row of `mu` and `{width}`{counted}, shape (batch,).",
        r"As in the chapters, `log_var` is $\log \sigma^2$.": {
            "log_var": r"As in the chapters, `log_var` is $\log \sigma^2$.",
            "sigma": r"Unlike in the chapters, the encoder gives `sigma`, the standard deviations $\sigma$.",
            "v": r"Unlike in the chapters, the encoder gives `v`, the variances $\sigma^2$ themselves.",
            "lam": r"Unlike in the chapters, the encoder gives `lam`, the precisions $\lambda = 1 / \sigma^2$."}[width],
        "def kl_to_prior(mu, log_var, m, s):": f"def kl_to_prior(mu, {width}, m, {scale}):",
        "    distance = (np.exp(log_var) + (mu - m) ** 2) / s**2\n    return 0.5 * (distance - 1 - log_var + 2 * np.log(s)).sum(axis=1)\n":
            "    distance = (np.exp(log_var) + (mu - m) ** 2) / s**2\n    return 0.5 * (distance - 1 - log_var + 2 * np.log(s)).sum(axis=1)\n"
            if practice else f"    ratio = {ratio(width, scale)}\n    distance = {over('(mu - m) ** 2')}\n"
            f"    nats = 0.5 * (ratio + distance - 1 - np.log(ratio)).sum(axis=1)\n    return nats{per}\n",
        "mu, log_var = given([[0, 0], [1, 2]]), given([[0, 0], [0, 1]])": f"mu, {width} = given([[0, 0], [1, 2]]), given({shown(widths)})",
        "(kl_to_prior(mu, log_var, given([0, 0]), 1.0), [0, 2.859141])":
            f"(kl_to_prior(mu, {width}, given([0, 0]), 1.0), {shown(kl(rows, widths, [0, 0], 1))})",
        "(kl_to_prior(mu, log_var, given([1, 0]), 2.0)[1], 0.851080)":
            f"(kl_to_prior(mu, {width}, given([1, 0]), 2.0)[1], {shown(kl(rows, widths, [1, 0], 2)[1])})",
        "    mu, log_var = rng.normal(size=(batch, n_latent)), rng.normal(size=(batch, n_latent))":
            f"    mu, {width} = rng.normal(size=(batch, n_latent)), {draws}",
        "m, s = rng.normal(size=n_latent)": f"m, {scale} = rng.normal(size=n_latent)",
        "        sigma = np.exp(log_var[n, k] / 2)\n        z = mu[n, k] + sigma * np": {
            "log_var": "        sigma = np.exp(log_var[n, k] / 2)\n        z = mu[n, k] + sigma * np",
            "sigma": "        wide = sigma[n, k]\n        z = mu[n, k] + wide * np",
            "v": "        wide = np.sqrt(v[n, k])\n        z = mu[n, k] + wide * np",
            "lam": "        wide = 1 / np.sqrt(lam[n, k])\n        z = mu[n, k] + wide * np"}[width],
        "((z - mu[n, k]) / sigma) ** 2 - np.log(sigma)": "((z - mu[n, k]) / sigma) ** 2 - np.log(sigma)" if practice
            else "((z - mu[n, k]) / wide) ** 2 - np.log(wide)",
        "log_p = -0.5 * ((z - m[k]) / s) ** 2 - np.log(s)": {
            "s": "log_p = -0.5 * ((z - m[k]) / s) ** 2 - np.log(s)", "r": "log_p = -0.5 * (z - m[k]) ** 2 / r - 0.5 * np.log(r)",
            "tau": "log_p = -0.5 * tau * (z - m[k]) ** 2 + 0.5 * np.log(tau)"}[scale],
        "(q * (log_q - log_p)).sum() * (z[1] - z[0])": f"(q * (log_q - log_p)).sum() * (z[1] - z[0]){per}",
        "kl_to_prior(mu, log_var, m, s), expected": f"kl_to_prior(mu, {width}, m, {scale}), expected",
        # the bound and its gap
        r"`log_joint` holds $\log p(x, z)$": rf"`log_joint` holds ${log_} p(x, z)$",
        "Each function gives one number.": f"Each function gives one number{counted}.",
        "    return np.logaddexp.reduce(log_joint)": {
            "e": "    return np.logaddexp.reduce(log_joint)", "2": "    return np.logaddexp2.reduce(log_joint)",
            "10": "    return np.logaddexp.reduce(np.log(10) * log_joint) / np.log(10)"}[base],
        "given(np.log([0.1, 0.2]))), np.log(0.3)": f"given(np.{log}([0.1, 0.2]))), np.{log}(0.3)",
        "np.log(2) - 5000": "-4999" if base == "2" else f"{two} - 5000",
        "log_evidence(np.log(p) + shift), np.log(sum(p)) + shift": f"log_evidence(np.{log}(p) + shift), np.{log}(sum(p)) + shift",
        "log_evidence(np.log(p) - 4000) + 4000 - np.log(sum(p))": f"log_evidence(np.{log}(p) - 4000) + 4000 - np.{log}(sum(p))",
        "(q[on] * (log_joint[on] - np.log(q[on])))": f"(q[on] * (log_joint[on] - np.{log}(q[on])))",
        "given(np.log([0.1, 0.2, 0.1]))": f"given(np.{log}([0.1, 0.2, 0.1]))",
        "np.log(0.4)": f"np.{log}(0.4)",
        "np.log(0.2)": f"np.{log}(0.2)",
        "q[z] * log_joint[z] - q[z] * math.log(q[z])": f"q[z] * log_joint[z] - q[z] * math.{log}(q[z])",
        "    log_posterior = log_joint - np.logaddexp.reduce(log_joint)\n": {
            "e": "    log_posterior = log_joint - np.logaddexp.reduce(log_joint)\n",
            "2": "    log_posterior = log_joint - np.logaddexp2.reduce(log_joint)\n",
            "10": "    log_p = np.logaddexp.reduce(np.log(10) * log_joint) / np.log(10)\n    log_posterior = log_joint - log_p\n"}[base],
        "(q[on] * (np.log(q[on]) - log_posterior[on]))": f"(q[on] * (np.{log}(q[on]) - log_posterior[on]))",
        "given([0, 1, 0])), np.log(2))": f"given([0, 1, 0])), {two})",
        "total = sum(math.exp(a) for a in log_joint)": "total = sum(math.exp(a) for a in log_joint)" if practice
            else f"total = sum({base}**a for a in log_joint)",
        "(math.log(q[z]) - math.log(math.exp(log_joint[z]) / total))": "(math.log(q[z]) - math.log(math.exp(log_joint[z]) / total))" if practice
            else f"(math.{log}(q[z]) - math.{log}({base} ** log_joint[z] / total))",
        # latent bits
        "The encoder gives logits, the prior": "The encoder gives logits, the prior" if practice
            else r"The encoder gives logits, for which $\operatorname{sigm}(t) = 1 / (1 + e^{-t})$ as ever, and the prior",
        r"\operatorname{Bern}(z_j; p_j)$ for each row, shape (batch,).": rf"\operatorname{{Bern}}(z_j; p_j)$ for each row{counted}, shape (batch,).",
        r"$\log \operatorname{sigm}(t) = -\operatorname{softplus}(-t)$ and $\log(1 - \operatorname{sigm}(t)) = -\operatorname{softplus}(t)$.":
            r"$\log \operatorname{sigm}(t) = -\operatorname{softplus}(-t)$ and $\log(1 - \operatorname{sigm}(t)) = -\operatorname{softplus}(t)$." if practice
            else r"In nats, $\ln \operatorname{sigm}(t) = -\operatorname{softplus}(-t)$ and $\ln(1 - \operatorname{sigm}(t)) = -\operatorname{softplus}(t)$.",
        "    return np.where(q > 0, q * on, 0).sum(1) + ((1 - q) * off).sum(1)\n":
            "    return np.where(q > 0, q * on, 0).sum(1) + ((1 - q) * off).sum(1)\n" if practice
            else f"    nats = np.where(q > 0, q * on, 0).sum(1) + ((1 - q) * off).sum(1)\n    return nats{per}\n",
        "given([[0, 0]]), p), [0.223144])": f"given([[0, 0]]), p), {shown([np.log(1.25) / ln])})",
        "assert close(kl_bits(given([[0, 3000], [0, -3000]]), p), [1.609438, 0.223144])":
            f"assert close(kl_bits(given([[0, 3000], [0, -3000]]), p), {shown([np.log(5), np.log(1.25)])})" if practice
            else f"large = given([[0, 3000], [0, -3000]])\nassert close(kl_bits(large, p), {shown([np.log(5) / ln, np.log(1.25) / ln])})",
        "q * math.log(q / p[k]) + (1 - q) * math.log((1 - q) / (1 - p[k]))": f"q * math.{log}(q / p[k]) + (1 - q) * math.{log}((1 - q) / (1 - p[k]))",
        "np.where(signs > 0, -np.log(p), -np.log(1 - p))": f"np.where(signs > 0, -np.{log}(p), -np.{log}(1 - p))",
        # the misprint
        **misprint(printed, base, log, unit, width, per),
        # a model whose evidence is known
        r"$z \sim \mathcal{N}(0, 1)$, and $x \sim \mathcal{N}(w z, s^2 I)$ with $w$ of shape (D,) and a number $s$.":
            r"$z \sim \mathcal{N}(0, 1)$, and $x \sim \mathcal{N}(w z, s^2 I)$ with $w$ of shape (D,) and a number $s$." if practice
            else rf"$z \sim \mathcal{{N}}({mean}, {latex(t2)})$, of mean ${mean}$ and variance ${latex(t2)}$, "
            rf"and $x \sim \mathcal{{N}}(w z, {spread})$ with $w$ of shape (D,) and {number.replace('one ', 'a ')}.",
        r"`exact(w, s, x)`: $\log p(x)$ for each row, shape (batch,).": rf"`exact(w, {scale}, x)`: ${log_} p(x)$ for each row, shape (batch,).",
        r"`posterior(w, s, x)`: mean and variance of": f"`posterior(w, {scale}, x)`: mean and {named(width_)} of",
        r"`elbo(w, s, x, m, v)`: the bound for $q(z \mid x) = \mathcal{N}(m, v)$, in closed form, nothing sampled; `m` and `v` have":
            rf"`elbo(w, {scale}, x, m, {width_})`: the bound for $q(z \mid x) = \mathcal{{N}}(m, {symbol(width_)})${counted}, in closed form, "
            f"nothing sampled; `m` and `{width_}` have",
        r"$x$ is Gaussian with mean zero. Its covariance is $w w^\top + s^2 I$":
            rf"$x$ is Gaussian with mean {'zero' if m0 == 0 else rf'${leading(m0)}w$'}. Its covariance is ${leading(t2)}w w^\top + {spread}$",
        r"\|x - w m\|^2 + v \|w\|^2$": r"\|x - w m\|^2 + " + {"v": r"v \|w\|^2$", "sigma": r"\sigma^2 \|w\|^2$", "lam": r"\|w\|^2 / \lambda$"}[width_],
        "def exact(w, s, x):": f"def exact(w, {scale}, x):",
        "    covariance = np.outer(w, w) + s**2 * np.eye(len(w))":
            f"    covariance = {'' if t2 == 1 else f'{power} * '}np.outer(w, w) + " + ("np.eye(len(w)) / tau" if scale == "tau" else f"{squared} * np.eye(len(w))"),
        "    distance = (x * np.linalg.solve(covariance, x.T).T).sum(axis=1)\n    return -0.5 * (log_det + distance)":
            "    distance = (x * np.linalg.solve(covariance, x.T).T).sum(axis=1)\n    return -0.5 * (log_det + distance)" if practice
            else f"    error = x {'-' if m0 > 0 else '+'} {times}w\n    distance = (error * np.linalg.solve(covariance, error.T).T).sum(axis=1)\n"
            f"    return -0.5 * (log_det + distance){per}",
        "answer = exact(given([1]), 1.0, given([[0], [2]]))\nassert close(answer, [-1.265512, -2.265512])":
            f"answer = exact(given([1]), 1.0, given([[0], [2]]))\nassert close(answer, {shown(evidence(x))})",
        "z = np.linspace(-9, 9, 6001)": "z = np.linspace(-9, 9, 6001)" if practice else f"z = {mean} + {t2**0.5:g} * np.linspace(-9, 9, 6001)",
        "w, s, x = rng.normal(size=D), ": f"w, {scale}, x = rng.normal(size=D), ",
        "log_joint = -0.5 * z**2 - 0.5 * np.log(2 * np.pi)": "log_joint = -0.5 * z**2 - 0.5 * np.log(2 * np.pi)" if practice
            else f"log_joint = -((z{shift}) ** 2) / {2 * t2:g} - 0.5 * np.log({2 * t2:g} * np.pi)",
        "- 0.5 * ((x[n, i] - w[i] * z) / s) ** 2 - np.log(s) - 0.5 * np.log(2 * np.pi)": {
            "s": "- 0.5 * ((x[n, i] - w[i] * z) / s) ** 2 - np.log(s) - 0.5 * np.log(2 * np.pi)",
            "r": "- 0.5 * (x[n, i] - w[i] * z) ** 2 / r - 0.5 * np.log(2 * np.pi * r)",
            "tau": "- 0.5 * tau * (x[n, i] - w[i] * z) ** 2 - 0.5 * np.log(2 * np.pi / tau)"}[scale],
        "np.log(np.exp(log_joint).sum() * (z[1] - z[0]))": f"np.{log}(np.exp(log_joint).sum() * (z[1] - z[0]))",
        "close(exact(w, s, x), expected)": f"close(exact(w, {scale}, x), expected)",
        "def posterior(w, s, x):": f"def posterior(w, {scale}, x):",
        "    precision = 1 + w @ w / s**2\n    return x @ w / s**2 / precision, np.full(len(x), 1 / precision)":
            "    precision = 1 + w @ w / s**2\n    return x @ w / s**2 / precision, np.full(len(x), 1 / precision)" if practice
            else f"    precision = {fraction(1, t2)} + {over('w @ w', True)}\n"
            + (f"    mean = ({fraction(m0, t2)} + {over('x @ w', True)}) / precision\n" if m0 > 0
               else f"    mean = ({over('x @ w', True)} - {fraction(-m0, t2)}) / precision\n")
            + f"    return mean, np.full(len(x), {dict(sigma='precision**-0.5', v='1 / precision', lam='precision')[width]})",
        "# (b) Mean and variance of the posterior.\nmean, variance = posterior(given([1]), 1.0, given([[0], [2]]))":
            f"# (b) Mean and {named(width_)} of the posterior.\nmean, {spelled(width_)} = posterior(given([1]), 1.0, given([[0], [2]]))",
        "assert close(mean, [0, 1])": f"assert close(mean, {shown(post_mean)})",
        "assert close(variance, [0.5, 0.5])": f"assert close({spelled(width_)}, {shown(post_width)})",
        "        log_joint = -0.5 * z**2 - 0.5 * sum(((x[n, i] - w[i] * z) / s) ** 2 for i in range(D))":
            f"        log_joint = {'-0.5 * z**2' if practice else f'-((z{shift}) ** 2) / {2 * t2:g}'} - 0.5 * " + {
            "s": "sum(((x[n, i] - w[i] * z) / s) ** 2 for i in range(D))", "r": "sum((x[n, i] - w[i] * z) ** 2 / r for i in range(D))",
            "tau": "sum(tau * (x[n, i] - w[i] * z) ** 2 for i in range(D))"}[scale],
        "mean, variance = posterior(w, s, x)": f"mean, {spelled(width_)} = posterior(w, {scale}, x)",
        'assert close(variance, variances), f"the variance is wrong':
            f'assert close({spelled(width_)}, {dict(v="variances", sigma="np.sqrt(variances)", lam="1 / variances")[width_]}), f"the {named(width_)} is wrong',
        "def elbo(w, s, x, m, v):": f"def elbo(w, {scale}, x, m, {width_}):",
        "+ v * (w @ w)\n    fit = -0.5 * (len(w) * np.log(2 * np.pi * s**2) + error / s**2)\n    return fit - 0.5 * (m**2 + v - 1 - np.log(v))":
            "+ v * (w @ w)\n    fit = -0.5 * (len(w) * np.log(2 * np.pi * s**2) + error / s**2)\n    return fit - 0.5 * (m**2 + v - 1 - np.log(v))" if practice
            else f"+ {'w @ w / lam' if width == 'lam' else f'{VARIANCE[width]} * (w @ w)'}\n"
            f"    fit = -0.5 * (len(w) * np.log(2 * np.pi {'/ tau' if scale == 'tau' else f'* {squared}'}) + {over('error')})\n"
            f"    ratio = {ratio_to(width, t2)}\n"
            f"    kl = 0.5 * ({f'(m{shift}) ** 2 / {power}' if t2 > 1 else f'{1 / t2:g} * (m{shift}) ** 2'} + ratio - 1 - np.log(ratio))\n"
            f"    return (fit - kl){per}",
        "tight = elbo(w, 1.0, x, given([0, 1]), given([0.5, 0.5]))\nassert close(tight, [-1.265512, -2.265512])":
            f"tight = elbo(w, 1.0, x, given({shown(post_mean)}), given({shown(post_width)}))\nassert close(tight, {shown(evidence(x))})",
        "assert close(loose, [-1.418939, -3.418939])": f"assert close(loose, {shown(elbo(x, 0, 1))})",
        "    m, v = rng.normal(size=batch)": f"    m, {width_} = rng.normal(size=batch)",
        "z = m[n] + np.sqrt(v[n]) * np.linspace(-10, 10, 6001)": {
            "v": "z = m[n] + np.sqrt(v[n]) * np.linspace(-10, 10, 6001)", "sigma": "z = m[n] + sigma[n] * np.linspace(-10, 10, 6001)",
            "lam": "z = m[n] + np.linspace(-10, 10, 6001) / np.sqrt(lam[n])"}[width_],
        "-0.5 * (z - m[n]) ** 2 / v[n] - 0.5 * np.log(2 * np.pi * v[n])": {
            "v": "-0.5 * (z - m[n]) ** 2 / v[n] - 0.5 * np.log(2 * np.pi * v[n])",
            "sigma": "-0.5 * ((z - m[n]) / sigma[n]) ** 2 - 0.5 * np.log(2 * np.pi) - np.log(sigma[n])",
            "lam": "-0.5 * lam[n] * (z - m[n]) ** 2 - 0.5 * np.log(2 * np.pi / lam[n])"}[width_],
        "- 0.5 * ((x[n, i] - w[i] * z) / s) ** 2 - 0.5 * np.log(2 * np.pi * s**2)": {
            "s": "- 0.5 * ((x[n, i] - w[i] * z) / s) ** 2 - 0.5 * np.log(2 * np.pi * s**2)",
            "r": "- 0.5 * (x[n, i] - w[i] * z) ** 2 / r - 0.5 * np.log(2 * np.pi * r)",
            "tau": "- 0.5 * tau * (x[n, i] - w[i] * z) ** 2 - 0.5 * np.log(2 * np.pi / tau)"}[scale],
        "(np.exp(log_q) * (log_joint - log_q)).sum() * (z[1] - z[0])": f"(np.exp(log_q) * (log_joint - log_q)).sum() * (z[1] - z[0]){per}",
        "close(elbo(w, s, x, m, v), expected)": f"close(elbo(w, {scale}, x, m, {width_}), expected)",
    }
    return found


def ratio(width, scale):
    """The variance of q over that of the prior."""
    if scale == "tau":
        return "tau / lam" if width == "lam" else f"tau * {VARIANCE[width]}"
    squared = {"s": "s**2", "r": "r"}[scale]
    return f"1 / (lam * {squared})" if width == "lam" else f"{VARIANCE[width]} / {squared}"


def ratio_to(width, t2):
    """The same for a prior whose variance is a number."""
    if t2 < 1:
        return f"{1 / t2:g} / lam" if width == "lam" else f"{1 / t2:g} * {VARIANCE[width]}"
    return f"1 / ({t2:g} * lam)" if width == "lam" else f"{VARIANCE[width]} / {t2:g}"


def fraction(over, under):
    return f"{over / under:g}" if under < 1 else f"{over} / {under}"


def latex(number):
    return r"\frac{1}{4}" if number == 0.25 else f"{number:g}"


def leading(number):
    """A factor in front of a letter."""
    return {1: "", -1: "-", 0: ""}.get(number, f"{latex(number)} ")


def named(width):
    return {"v": "variance", "sigma": "standard deviation", "lam": "precision"}[width]


def spelled(width):
    return {"v": "variance", "sigma": "sigma", "lam": "lam"}[width]


def symbol(width):
    return {"v": "v", "sigma": r"\sigma^2", "lam": r"\lambda^{-1}"}[width]


def misprint(printed, base, log, unit, width, per):
    """The implementation whose constant is wrong: there once, without its 2, not halved, or not there."""
    practice = base == "e"
    constant = {"once": r"-\frac{1}{2} \log 2\pi -", "pi": r"-\frac{D}{2} \log \pi -", "twice": r"-D \log 2\pi -", "none": "-"}[printed]
    given_as = {"log_var": "", "sigma": r"; `sigma` holds the $\sigma_i$", "v": r"; `v` holds the $\sigma_i^2$",
                "lam": r"; `lam` holds the precisions $1 / \sigma_i^2$"}[width]
    terms = {"sigma": "np.log(2 * np.pi * sigma**2) + ((x - mu) / sigma) ** 2", "v": "np.log(2 * np.pi * v) + (x - mu) ** 2 / v",
             "lam": "np.log(2 * np.pi / lam) + lam * (x - mu) ** 2", "log_var": "np.log(2 * np.pi) + log_var + (x - mu) ** 2 / np.exp(log_var)"}[width]
    answer = {"once": f"-0.5 * (D - 1) * np.{log}(2 * np.pi)", "pi": "-D / 2" if base == "2" else f"-0.5 * D * np.{log}(2)",
              "twice": f"0.5 * D * np.{log}(2 * np.pi)", "none": f"-0.5 * D * np.{log}(2 * np.pi)"}[printed]
    wrong = {"once": f"standard - math.{log}(1 / math.sqrt(2 * math.pi))", "pi": f"standard - D * math.{log}(1 / math.sqrt(math.pi))",
             "twice": f"standard - D * math.{log}(1 / (2 * math.pi))", "none": "standard"}[printed]
    example = ("assert close(correction(1), 0)\nprint(\"For one component there is nothing to correct. And for more?\")" if practice
               else "assert np.shape(correction(1)) == ()\nprint(\"The answer is one number. Is it the right one?\")")
    draw = "x, mu, log_var = rng.normal(size=(3, batch, D))"
    return {
        "computes the log-density of a Gaussian with $D$ independent components as":
            f"computes the log-density of a Gaussian with $D$ independent components{'' if practice else f', in {unit},'} as",
        r"$-\frac{1}{2} \log 2\pi - \frac{1}{2} \sum_{i=1}^{D}": rf"${constant} \frac{{1}}{{2}} \sum_{{i=1}}^{{D}}".replace("$- ", "$-"),
        r"\frac{(x_i - \mu_i)^2}{\sigma_i^2} \right)$. What it prints": r"\frac{(x_i - \mu_i)^2}{\sigma_i^2} \right)$. What it prints" if practice
            else rf"\frac{{(x_i - \mu_i)^2}}{{\sigma_i^2 \ln {base}}} \right)$. The $\ln {base}$ is in its place: it takes nats to {unit}. But what it prints",
        "`gaussian_log_prob(x, mu, log_var)`: the true log-density of each row, shape (batch,).":
            f"`gaussian_log_prob(x, mu, {width})`: the true log-density of each row, shape (batch,){given_as}.",
        "def gaussian_log_prob(x, mu, log_var):": f"def gaussian_log_prob(x, mu, {width}):",
        "    terms = np.log(2 * np.pi) + log_var + (x - mu) ** 2 / np.exp(log_var)\n    return -0.5 * terms.sum(axis=1)":
            f"    terms = {terms}\n    return -0.5 * terms.sum(axis=1){per}",
        "zero = given([[0.0]])\nassert close(gaussian_log_prob(zero, zero, zero), [-0.918939])":
            "zero = given([[0.0]])\nassert close(gaussian_log_prob(zero, zero, zero), [-0.918939])" if practice
            else "zero, one = given([[0.0]]), given([[1.0]])\n"
            f"assert close(gaussian_log_prob(zero, zero, one), {shown([-0.5 * np.log(2 * np.pi) / np.log(int(base))])})",
        draw: draw if practice else f"x, mu = rng.normal(size=(2, batch, D))\n    {width} = rng.uniform(0.4, 2, size=(batch, D))",
        "variance = math.exp(log_var[n, i])": "variance = " + {"log_var": "math.exp(log_var[n, i])", "sigma": "sigma[n, i] ** 2", "v": "v[n, i]",
                                                              "lam": "1 / lam[n, i]"}[width],
        "math.log(math.exp(-((x[n, i]": f"math.{log}(math.exp(-((x[n, i]",
        "close(gaussian_log_prob(x, mu, log_var), expected)": f"close(gaussian_log_prob(x, mu, {width}), expected)",
        "    return -0.5 * (D - 1) * np.log(2 * np.pi)": f"    return {answer}",
        'assert close(correction(1), 0)\nprint("For one component there is nothing to correct. And for more?")': example,
        "standard = D * math.log(1 / math.sqrt(2 * math.pi))": f"standard = D * math.{log}(1 / math.sqrt(2 * math.pi))",
        "standard - math.log(1 / math.sqrt(2 * math.pi))": wrong,
    }


def translations(base, width, scale, prior, printed):
    per = f" / np.log({base})" if base != "e" else ""
    natural = f"given(log_joint * np.log({base}))"
    s = {"s": "s", "r": "r**0.5", "tau": "tau**-0.5"}[scale]
    log_var = {"sigma": "given(2 * np.log(sigma))", "v": "given(np.log(v))", "lam": "given(-np.log(lam))"}[width]
    m0, t = prior[0], prior[1] ** 0.5
    back = {"sigma": f"{t!r} * np.sqrt(v)", "v": f"{t * t!r} * np.asarray(v)", "lam": f"1 / ({t * t!r} * np.asarray(v))"}[width]
    model = f"given({t!r} * w), {s}, given(x - {m0!r} * w)"
    q = f"given((m - {m0!r}) / {t!r}), given({VARIANCE[width]} / {t * t!r})" if width != "lam" else f"given((m - {m0!r}) / {t!r}), given(1 / lam / {t * t!r})"
    added = {"pi": f"np.log(2) / np.log(2 * np.pi) * practice(D + 1){per}", "twice": f"-practice(D + 1){per}", "none": f"practice(D + 1){per}"}[printed]
    return {
        "kl_to_prior": (f"mu, {width}, m, {scale}", f"np.asarray(practice(mu, {log_var}, m, {s})){per}"),
        "log_evidence": ("log_joint", f"np.asarray(practice({natural})){per}"),
        "bound": ("log_joint, q", f"np.asarray(practice({natural}, q)){per}"),
        "gap": ("log_joint, q", f"np.asarray(practice({natural}, q)){per}"),
        "kl_bits": ("logits, p", f"np.asarray(practice(logits, p)){per}"),
        "gaussian_log_prob": (f"x, mu, {width}", f"np.asarray(practice(x, mu, {log_var})){per}"),
        "correction": ("D", added),
        "exact": (f"w, {scale}, x", f"np.asarray(practice({model})){per}"),
        "posterior": (f"w, {scale}, x", f"(lambda mean, v: ({m0!r} + {t!r} * np.asarray(mean), {back}))(*practice({model}))"),
        "elbo": (f"w, {scale}, x, m, {width}", f"np.asarray(practice({model}, {q})){per}"),
    }
