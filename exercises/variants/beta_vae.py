"""Variants of the sheet on prices: the base of the logs, how the price is given, the widths, the table that is misread.

A log to the base b is a natural one over ln b, and the price of one unit in units of the other stays as it
is. A share rho of the divergence and 1 - rho of the log-likelihood is the price rho / (1 - rho), and the
objective is 1 - rho times that of the practice sheet.
"""

import numpy as np

from . import shown

PRACTICE = {"base": "e", "price": "beta", "width": "log_var", "scale": "s", "table": "units"}
CHOICES = {"base": ("2", "10"), "price": ("rho", "gamma", "log_beta"), "width": ("sigma", "v", "lam"),
           "scale": ("s", "r", "tau"), "table": ("factors", "columns")}
NAMES = {  # of those that are not also words of the text
    "free_bits": ("with_allowance", "allowance_objective", "paid_objective"),
    "best_code": ("optimal_code", "code_at_price", "fitting_code"),
    "best_value": ("largest_value", "optimal_value", "top_value"),
    "shortfall": ("loss_of_code", "missing_value", "below_best"),
    "beta_of_sums": ("as_sums", "for_sums", "in_sums"),
    "noise_variance": ("decoder_variance", "implied_variance", "variance_of_noise"),
    "really_read": ("read_instead", "what_is_read", "place_read"),
    "best_encoder": ("optimal_encoder", "encoder_at_price", "linear_encoder"),
    "rate_distortion": ("rate_and_distortion", "both_costs", "what_it_costs"),
}


def edits(base, price, width, scale, table):
    practice = base == "e"
    log = {"e": "log", "2": "log2", "10": "log10"}[base]
    ln = 1.0 if practice else np.log(int(base))
    per, mper, times = ("", "", "") if practice else (f" / np.log({base})", f" / math.log({base})", f"np.log({base}) * ")
    unit = {"e": "nat", "2": "bit", "10": "hartley"}[base]
    counted = "" if practice else f", in {unit}s"
    log_ = r"\log" if practice else rf"\log_{{{base}}}"
    two_ = {"e": "np.log(2)", "2": "1", "10": "np.log10(2)"}[base]  # log 2
    symbol = {"beta": r"\beta", "rho": r"\rho", "gamma": r"\gamma", "log_beta": r"\beta"}[price]
    beta = {"beta": "beta", "rho": "rho / (1 - rho)", "gamma": "1 + gamma", "log_beta": f"{base}**log_beta"}[price]
    factor = f"({beta})" if price == "gamma" else beta
    weight = "rho" if price == "rho" else "beta"  # of the divergence, where `beta` is known
    gain = "(1 - rho) * " if price == "rho" else ""  # of the log-likelihood
    setting = "" if price == "beta" else f"    beta = {beta}\n"
    one = {"beta": "1.0", "rho": "0.5", "gamma": "0.0", "log_beta": "0.0"}[price]
    two = {"beta": "2.0", "rho": "2 / 3", "gamma": "1.0", "log_beta": "np.log10(2)" if base == "10" else "1.0"}[price]
    values = {"beta": ("4.0", "0.5", "2.5", "2.0"), "rho": ("0.8", "0.3", "0.7", "0.6"), "gamma": ("3.0", "-0.5", "1.5", "1.0"),
              "log_beta": ("0.6", "-0.3", "0.4", "0.2") if base == "10" else ("2.0", "-1.0", "1.5", "1.0")}[price]
    drawn = {"beta": ("0.1, 9", "0.01, 3"), "rho": ("0.1, 0.9", "0.01, 0.75"), "gamma": ("-0.9, 8", "-0.99, 2"),
             "log_beta": ("-1, 1", "-2, 0.5") if base == "10" else ("-3, 3", "-6, 2")}[price]
    noun = {"beta": "price", "rho": "price", "gamma": "surcharge", "log_beta": "log-price"}[price]
    first = "sigma" if practice else width  # as the first exercise has it
    squared = {"s": "s**2", "r": "r", "tau": "1 / tau"}[scale]
    spread = {"s": "s^2 I", "r": "r I", "tau": r"\tau^{-1} I"}[scale]
    objective = {"beta": r"\mathcal{L}_\beta = \mathbb{E}_q[\log p(x \mid z)] - \beta \, D_{KL}(q \,\|\, p)",
                 "rho": r"\mathcal{L}_\rho = (1 - \rho) \, \mathbb{E}_q[\log p(x \mid z)] - \rho \, D_{KL}(q \,\|\, p)",
                 "gamma": r"\mathcal{L}_\gamma = \mathbb{E}_q[\log p(x \mid z)] - (1 + \gamma) \, D_{KL}(q \,\|\, p)",
                 "log_beta": r"\mathcal{L}_\beta = \mathbb{E}_q[\log p(x \mid z)] - \beta \, D_{KL}(q \,\|\, p)"}[price]
    L = rf"\mathcal{{L}}_{symbol}"

    def variances(numbers):
        return {"sigma": np.square, "v": np.asarray, "lam": np.reciprocal, "log_var": np.exp}[width](np.asarray(numbers, float))

    def widths(v):
        return {"sigma": np.sqrt, "v": np.asarray, "lam": np.reciprocal, "log_var": np.log}[width](np.asarray(v, float))

    def free(scale, delta):
        v = np.square(scale) if practice else variances(scale)
        kl = (0.5 * (np.array([0, 5]) + v - 1 - np.log(v))) / ln
        return -4 - np.maximum(delta, kl).sum()

    def over(what):
        """Divided by the noise's variance."""
        return f"tau * {what}" if scale == "tau" else f"{what} / {squared}"

    def by(what):
        """Times the noise's variance."""
        return f"{what} / tau" if scale == "tau" else f"{what} * {squared}"

    example = 0.5 if practice else {"sigma": 0.5, "v": 0.5, "lam": 2}[width]
    v = 0.5 if practice else float(variances(example))
    rate = 0.5 * (0.25 + v - 1 - np.log(v)) / ln
    distortion = (np.log(2 * np.pi) + 0.5 * (0.5 * 0.5 + 0.5 * (1.5**2 + 0.5**2) + 2 * v)) / ln
    limit = (0.125 + 0.5 * (0.5 - 1 + np.log(2))) / ln
    found = {
        "# # Exercises: what a nat may cost": f"# # Exercises: what a {unit} may cost",
        "All divergences are in nats, and all logs are natural.": "All divergences are in nats, and all logs are natural." if practice
            else rf"On this sheet all divergences are in {unit}s{' (one is a decimal digit)' if base == '10' else ''}, "
                 rf"and all logs are to the base {base}; only $\ln$ is natural.",
        # free nats
        "nats that cost nothing": f"{unit}s that cost nothing",
        "the first nats of each": f"the first {unit}s of each",
        r"an allowance of $\delta$ nats": rf"an allowance of $\delta$ {unit}s",
        "free_bits(log_p, mu, sigma, delta)": f"free_bits(log_p, mu, {first}, delta)",
        "the standard deviations `sigma`, both": {"sigma": "the standard deviations `sigma`, both", "v": r"the variances `v` $= \sigma^2$, both",
                                                  "lam": r"the precisions `lam` $= 1 / \sigma^2$, both"}[first],
        "    kl = 0.5 * (mu**2 + sigma**2 - 1) - np.log(sigma)\n    return log_p.mean() - np.maximum(delta, kl.mean(axis=0)).sum()":
            "    kl = 0.5 * (mu**2 + sigma**2 - 1) - np.log(sigma)\n    return log_p.mean() - np.maximum(delta, kl.mean(axis=0)).sum()" if practice else
            "    nats = " + {"sigma": "0.5 * (mu**2 + sigma**2 - 1) - np.log(sigma)", "v": "0.5 * (mu**2 + v - 1 - np.log(v))",
                             "lam": "0.5 * (mu**2 + 1 / lam - 1 + np.log(lam))"}[width]
            + f"\n    kl = nats.mean(axis=0){per}\n    return log_p.mean() - np.maximum(delta, kl).sum()",
        "log_p, mu, sigma = given([-3, -5])": f"log_p, mu, {first} = given([-3, -5])",
        "free_bits(log_p, mu, sigma, 0.0), -6.5)": f"free_bits(log_p, mu, {first}, 0.0), {shown(free(1, 0))})",
        "free_bits(log_p, mu, sigma, 1.0), -7.5)": f"free_bits(log_p, mu, {first}, 1.0), {shown(free(1, 1))})",
        "free_bits(log_p, mu, 2 * sigma, 1.0), -8.306853)": f"free_bits(log_p, mu, 2 * {first}, 1.0), {shown(free(2, 1))})",
        "((1, 1, 0.1), (6, 8, 0.5), (5, 6, 1.0))": {"10": "((1, 1, 0.05), (6, 8, 0.2), (5, 6, 0.4))"}.get(base, "((1, 1, 0.1), (6, 8, 0.5), (5, 6, 1.0))"),
        "    sigma = rng.uniform(0.3, 1.5, size=(batch, K))": f"    {first} = rng.uniform(0.3, 1.5, size=(batch, K))",
        "z = mu[n, j] + sigma[n, j] * t": {"sigma": "z = mu[n, j] + sigma[n, j] * t", "v": "z = mu[n, j] + math.sqrt(v[n, j]) * t",
                                           "lam": "z = mu[n, j] + t / math.sqrt(lam[n, j])"}[first],
        "0.5 * t**2 - math.log(sigma[n, j]))).sum() * 0.01 / batch": {
            "sigma": "0.5 * t**2 - math.log(sigma[n, j]))).sum()", "v": "0.5 * t**2 - 0.5 * math.log(v[n, j]))).sum()",
            "lam": "0.5 * t**2 + 0.5 * math.log(lam[n, j]))).sum()"}[first] + f" * 0.01 / batch{mper}",
        # from a limit to a price
        r"`log_lik` of shape (batch, values) holds $\log p(x \mid z)$": rf"`log_lik` of shape (batch, values) holds ${log_} p(x \mid z)$",
        r"The price is $\beta > 0$. Logs go": {
            "beta": r"The price is $\beta > 0$. Logs go", "rho": r"The price is a share $\rho$ between 0 and 1. Logs go",
            "gamma": r"A surcharge $\gamma > -1$ is added to the ELBO's price of 1. Logs go",
            "log_beta": rf"The price $\beta > 0$ is given by its log, `log_beta` $= {log_} \beta$. Logs go"}[price],
        r"\mathcal{L}_\beta = \mathbb{E}_q[\log p(x \mid z)] - \beta \, D_{KL}(q \,\|\, p)": objective,
        r"the largest $\mathcal{L}_\beta$, shape": f"the largest ${L}$, shape",
        r"by how much the $\mathcal{L}_\beta$ of `q`": f"by how much the ${L}$ of `q`",
        r"A likelihood at the price $\beta$ counts with the power $1 / \beta$.": {
            "beta": r"A likelihood at the price $\beta$ counts with the power $1 / \beta$.",
            "rho": r"A likelihood at the price $\rho$ counts with the power $(1 - \rho) / \rho$.",
            "gamma": r"A likelihood at the surcharge $\gamma$ counts with the power $1 / (1 + \gamma)$.",
            "log_beta": r"A likelihood at the price $\beta$ counts with the power $1 / \beta$."}[price],
        "or use `np.logaddexp.reduce`.": "or use `np.logaddexp.reduce`." if practice else "or use `np.logaddexp.reduce`, which is for natural logs.",
        "best_code(p, log_lik, beta)": f"best_code(p, log_lik, {price})",
        "    log_q = np.log(p) + log_lik / beta\n": f"{setting}    log_q = np.log(p) + {times}log_lik / beta\n",
        "given([[0, np.log(9)], [0, 0]])": f"given([[0, np.{log}(9)], [0, 0]])",
        "best_code(p, log_lik, 1.0)": f"best_code(p, log_lik, {one})",
        "best_code(p, log_lik - 6000, 2.0)": f"best_code(p, log_lik - 6000, {two})",
        "for batch, values, beta in ((1, 2, 4.0), (3, 5, 0.5), (4, 3, 2.5)):\n":
            f"for batch, values, {price} in ((1, 2, {values[0]}), (3, 5, {values[1]}), (4, 3, {values[2]})):\n{setting}",
        "math.exp(log_lik[n, z]) ** (1 / beta)": "math.exp(log_lik[n, z]) ** (1 / beta)" if practice else f"({base} ** log_lik[n, z]) ** (1 / beta)",
        "math.exp(log_lik[n, z] / beta)": "math.exp(log_lik[n, z] / beta)" if practice else f"{base} ** (log_lik[n, z] / beta)",
        "best_code(p, log_lik - 4500, beta)": f"best_code(p, log_lik - 4500, {price})",
        "price of {beta}": f"{noun} of {{{price}}}",
        "best_value(p, log_lik, beta)": f"best_value(p, log_lik, {price})",
        "    return beta * np.logaddexp.reduce(np.log(p) + log_lik / beta, axis=1)":
            "    return beta * np.logaddexp.reduce(np.log(p) + log_lik / beta, axis=1)" if practice
            else f"{setting}    log_q = np.log(p) + {times}log_lik / beta\n    return {weight} * np.logaddexp.reduce(log_q, axis=1){per}",
        "assert close(best_value(p, log_lik, 1.0), [np.log(5), 0])":
            f"assert close(best_value(p, log_lik, {one}), [{'0.5 * ' if price == 'rho' else ''}np.{log}(5), 0])",
        "assert close(best_value(p, log_lik, 2.0), [np.log(4), 0])":
            f"assert close(best_value(p, log_lik, {two}), [{share_of_two(price, base) or f'np.{log}(4)'}, 0])",
        "(log_lik[n, z] - beta * math.log(q[z] / p[z]))": f"({gain}log_lik[n, z] - {weight} * math.{log}(q[z] / p[z]))",
        "best_value(p, log_lik - 4500, beta)": f"best_value(p, log_lik - 4500, {price})",
        "np.abs(far + 4500 - expected)": f"np.abs(far + {gain}4500 - expected)",
        "shortfall(p, log_lik, beta, q)": f"shortfall(p, log_lik, {price}, q)",
        "    log_best = np.log(p) + log_lik / beta\n": f"{setting}    log_best = np.log(p) + {times}log_lik / beta\n",
        "    return beta * (q * (log_q - log_best)).sum(axis=1)": f"    return {weight} * (q * (log_q - log_best)).sum(axis=1){per}",
        "shortfall(p, log_lik, 2.0, q)": f"shortfall(p, log_lik, {two}, q)",
        "assert close(answer, [0, 2 * np.log(2)])": f"assert close(answer, [0, {share_of_two(price, base) or f'2 * {two_}'}])",
        "for batch, values, beta, off in ((1, 2, 4.0, 0), (3, 5, 0.5, 0), (4, 4, 2.5, 2)):\n":
            f"for batch, values, {price}, off in ((1, 2, {values[0]}, 0), (3, 5, {values[1]}, 0), (4, 4, {values[2]}, 2)):\n{setting}",
        "(log_lik[n, z] - beta * math.log(code[z] / p[z]))": f"({gain}log_lik[n, z] - {weight} * math.{log}(code[z] / p[z]))",
        "shortfall(p, log_lik - 3000, beta, q)": f"shortfall(p, log_lik - 3000, {price}, q)",
        "is shown to reward nats": f"is shown to reward {unit}s",
        "would reward nats": f"would reward {unit}s",
        r"the mean of $\mathcal{L}_\beta$.": r"the mean of $\mathcal{L}_\beta$." if L == r"\mathcal{L}_\beta" else r"the mean of the chapter's $\mathcal{L}_\beta$.",
        # sums and averages
        **averages(base, price, unit, log, symbol, beta, factor, drawn),
        # the misread table
        **misread(table, base, log, unit),
        # set the limit, find the price
        r"In practice one sets $\beta$ and takes": r"In practice one sets $\beta$ and takes" if practice else "In practice one sets the price and takes",
        r"$x \sim \mathcal{N}(W z, s^2 I)$": rf"$x \sim \mathcal{{N}}(W z, {spread})$",
        "and a number $s$.": {"s": "and a number $s$.", "r": "and a variance $r$.", "tau": r"and a precision $\tau$."}[scale],
        "best_encoder(W, s, x, beta)": f"best_encoder(W, {scale}, x, {price})",
        r"and the `log_var` $= \log \sigma^2$ of shape (K,) that make $\mathcal{L}_\beta$ largest for each row of `x`. One `log_var` serves":
            {"log_var": r"and the `log_var` $= \log \sigma^2$", "sigma": r"and the standard deviations `sigma`", "v": r"and the variances `v` $= \sigma^2$",
             "lam": r"and the precisions `lam` $= 1 / \sigma^2$"}[width]
            + f" of shape (K,) that make {'' if L.endswith('beta') else 'the '}${L}${'' if L.endswith('beta') else ' of exercise 2'} largest "
            f"for each row of `x`. One `{width}` serves",
        "rate_distortion(W, s, x, mu, log_var)": f"rate_distortion(W, {scale}, x, mu, {width})",
        "of any such encoder, two numbers, means": f"of any such encoder, two numbers{counted}, means",
        r"`price(W, s, x, limit)`: the $\beta$ for which the best encoder has the rate `limit`. It lies between 0.001 and 1000.":
            f"`price(W, {scale}, x, limit)`: " + {
                "beta": r"the $\beta$ for which the best encoder has the rate `limit`. It lies between 0.001 and 1000.",
                "rho": r"the $\rho$ for which the best encoder has the rate `limit`. It lies between 0.001 and 0.999.",
                "gamma": r"the $\gamma$ for which the best encoder has the rate `limit`. It lies between -0.999 and 999.",
                "log_beta": rf"the ${log_} \beta$ for which the best encoder has the rate `limit`. It lies between "
                            f"{'-3 and 3' if base == '10' else '-9 and 9'}."}[price],
        r"Write down $\mathcal{L}_\beta$, and set": f"Write down ${L}$, and set",
        r"A higher price never buys more nats. So halve an interval of $\log \beta$ until it is small.":
            f"A higher price never buys more {unit}s. So halve an interval of " + {
                "beta": r"$\log \beta$", "rho": r"$\rho$", "gamma": r"$\log(1 + \gamma)$", "log_beta": r"$\log \beta$"}[price] + " until it is small.",
        "    level = beta * s**2\n": f"    level = {by(factor)}\n",
        "    log_var = np.log(level / (level + (W**2).sum(axis=0)))\n    return np.linalg.solve(M, W.T @ x.T).T, log_var":
            "    log_var = np.log(level / (level + (W**2).sum(axis=0)))\n    return np.linalg.solve(M, W.T @ x.T).T, log_var" if practice
            else f"    v = level / (level + (W**2).sum(axis=0))\n    return np.linalg.solve(M, W.T @ x.T).T, {dict(sigma='np.sqrt(v)', v='v', lam='1 / v')[width]}",
        "mu, log_var = best_encoder(W, 1.0, x, 1.0)": f"mu, {width} = best_encoder(W, 1.0, x, {one})",
        "assert close(log_var, [-np.log(3)])": "assert close(log_var, [-np.log(3)])" if practice else f"assert close({width}, {shown(widths([1 / 3]))})",
        "mu, log_var = best_encoder(W, 1.0, x, 2.0)": f"mu, {width} = best_encoder(W, 1.0, x, {two})",
        "assert close(log_var, [-np.log(2)])": "assert close(log_var, [-np.log(2)])" if practice else f"assert close({width}, {shown(widths([1 / 2]))})",
        "for D, K, batch, beta in ((1, 1, 2, 4.0), (5, 3, 4, 2.0), (3, 4, 3, 0.5)):\n    W, s, x":
            f"for D, K, batch, {price} in ((1, 1, 2, {values[0]}), (5, 3, 4, {values[3]}), (3, 4, 3, {values[1]})):\n{setting}    W, {scale}, x",
        "np.linalg.inv(W @ W.T + beta * s**2 * np.eye(D))  # the joint": f"np.linalg.inv(W @ W.T + {by('beta')} * np.eye(D))  # the joint",
        "np.exp(a) * (W**2).sum(axis=0) / (2 * s**2) + 0.5 * beta * (np.exp(a) - a)":
            f"{gain}np.exp(a) * (W**2).sum(axis=0) {'* tau / 2' if scale == 'tau' else f'/ (2 * {squared})'} + 0.5 * {weight} * (np.exp(a) - a)",
        "np.where(smaller, right, high)\n    mu, log_var = ": f"np.where(smaller, right, high)\n    mu, {width} = ",
        'assert close(log_var, (low + high) / 2), f"log_var is wrong': {
            "log_var": 'assert close(log_var, (low + high) / 2), f"log_var is wrong', "sigma": 'assert close(sigma, np.exp((low + high) / 4)), f"sigma is wrong',
            "v": 'assert close(v, np.exp((low + high) / 2)), f"v is wrong', "lam": 'assert close(lam, np.exp(-(low + high) / 2)), f"lam is wrong'}[width],
        "    v = np.exp(log_var)\n    rate = 0.5 * (mu**2 + v - 1 - log_var)": {
            "log_var": "    v = np.exp(log_var)\n    rate = 0.5 * (mu**2 + v - 1 - log_var)", "sigma": "    v = sigma**2\n    rate = 0.5 * (mu**2 + v - 1 - np.log(v))",
            "v": "    rate = 0.5 * (mu**2 + v - 1 - np.log(v))", "lam": "    v = 1 / lam\n    rate = 0.5 * (mu**2 + v - 1 - np.log(v))"}[width],
        "    return rate, 0.5 * (len(W) * np.log(2 * np.pi * s**2) + error / s**2)":
            "    return rate, 0.5 * (len(W) * np.log(2 * np.pi * s**2) + error / s**2)" if practice
            else f"    distortion = 0.5 * (len(W) * np.log({by('2 * np.pi')}) + {over('error')})\n    return rate{per}, distortion{per}",
        "mu, log_var = given([[0.5], [0.5]]), given([-np.log(2)])": "mu, log_var = given([[0.5], [0.5]]), given([-np.log(2)])" if practice
            else f"mu, {width} = given([[0.5], [0.5]]), given([{example:g}])",
        "rate_distortion(W, 1.0, x, mu, log_var)": f"rate_distortion(W, 1.0, x, mu, {width})",
        "assert close(rate, 0.221574)": f"assert close(rate, {shown(rate)})",
        "assert close(distortion, 3.087877)": f"assert close(distortion, {shown(distortion)})",
        "    W, s, x = rng.normal(size=(D, K)), float(rng.uniform(0.5, 1.5)), rng.normal(size=(batch, D))\n    mu, log_var = rng.normal(size=(batch, K)), rng.normal(size=K)":
            f"    W, {scale}, x = rng.normal(size=(D, K)), float(rng.uniform(0.5, 1.5)), rng.normal(size=(batch, D))\n    mu, {width} = rng.normal(size=(batch, K)), "
            + ("rng.normal(size=K)" if practice else "rng.uniform(0.4, 2, size=K)"),
        "(2 * math.pi) ** (K / 2) / batch": f"(2 * math.pi) ** (K / 2) / batch{mper}",
        "z = mu[n] + np.exp(log_var / 2) * eps": "z = mu[n] + " + {"log_var": "np.exp(log_var / 2) * eps", "sigma": "sigma * eps", "v": "np.sqrt(v) * eps",
                                                                    "lam": "eps / np.sqrt(lam)"}[width],
        "0.5 * (eps**2).sum() - 0.5 * log_var.sum())": "0.5 * (eps**2).sum() " + {
            "log_var": "- 0.5 * log_var.sum())", "sigma": "- np.log(sigma).sum())", "v": "- 0.5 * np.log(v).sum())", "lam": "+ 0.5 * np.log(lam).sum())"}[width],
        "(0.5 * (((x[n] - W @ z) / s) ** 2).sum() + D * math.log(s * math.sqrt(2 * math.pi)))": {
            "s": "(0.5 * (((x[n] - W @ z) / s) ** 2).sum() + D * math.log(s * math.sqrt(2 * math.pi)))",
            "r": "(0.5 * ((x[n] - W @ z) ** 2).sum() / r + D * math.log(math.sqrt(2 * math.pi * r)))",
            "tau": "(0.5 * tau * ((x[n] - W @ z) ** 2).sum() + D * math.log(math.sqrt(2 * math.pi / tau)))"}[scale],
        "price(W, s, x, limit):\n": f"price(W, {scale}, x, limit):\n",
        "    low, high = np.log(1e-3), np.log(1e3)": "    low, high = " + {
            "beta": "np.log(1e-3), np.log(1e3)", "rho": "1e-3, 1 - 1e-3", "gamma": "np.log(1e-3), np.log(1e3)",
            "log_beta": "-3.0, 3.0" if base == "10" else "-9.0, 9.0"}[price],
        "        level = np.exp(middle) * s**2\n": "        level = " + by({
            "beta": "np.exp(middle)", "rho": "middle / (1 - middle)", "gamma": "np.exp(middle)", "log_beta": f"{base}**middle"}[price]) + "\n",
        "        rate = 0.5 * (mu**2 + v - 1 - np.log(v)).sum(axis=1).mean()\n": "        rate = 0.5 * (mu**2 + v - 1 - np.log(v)).sum(axis=1).mean()\n" if practice
            else f"        nats = 0.5 * (mu**2 + v - 1 - np.log(v)).sum(axis=1).mean()\n        rate = nats{per}\n",
        "    return np.exp(middle)\n": {"beta": "    return np.exp(middle)\n", "gamma": "    return np.exp(middle) - 1\n"}.get(price, "    return middle\n"),
        "assert close(price(W, 1.0, x, 0.2215735903), 2)": f"assert close(price(W, 1.0, x, {limit:.10f}), {two.removesuffix('.0')})",
        "    W, s, x = rng.normal(size=(D, K)), float(rng.uniform(0.5, 1.5)), 2 *": f"    W, {scale}, x = rng.normal(size=(D, K)), float(rng.uniform(0.5, 1.5)), 2 *",
        "np.linalg.inv(W @ W.T + beta * s**2 * np.eye(D)) @ W": f"np.linalg.inv(W @ W.T + {by('beta')} * np.eye(D)) @ W",
        "np.diag(W.T @ W) / (beta * s**2)": f"np.diag(W.T @ W) / ({by('beta')})" if scale != "tau" else "tau * np.diag(W.T @ W) / beta",
        "(1 / precision + np.log(precision) - 1).sum()))": "(1 / precision + np.log(precision) - 1).sum()))" if practice
            else f"(1 / precision + np.log(precision) - 1).sum()){per})",
        'assert close(price(W, s, x, limit), beta), f"the price is not the one for a rate of {limit:.3f} nats"':
            f"assert close(price(W, {scale}, x, limit), " + {"beta": "beta", "rho": "beta / (1 + beta)", "gamma": "beta - 1", "log_beta": f"np.{log}(beta)"}[price]
            + f'), f"the {noun} is not the one for a rate of {{limit:.3f}} {unit}s"',
    }
    return found


def share_of_two(price, base):
    """The price 2 times log 2, where it is no plain number of logs."""
    if price == "rho":
        return {"2": "2 / 3", "10": "2 / 3 * np.log10(2)"}[base]
    return "2" if base == "2" else ""


def averages(base, price, unit, log, symbol, beta, factor, drawn):
    """The exercise on sums and means, for each way to give a price."""
    practice = base == "e"
    low = {"beta": 0.02, "rho": 0.02, "gamma": -0.98, "log_beta": -2 if base == "10" else -6}[price]
    worth = {"beta": lambda b: b, "rho": lambda r: r / (1 - r), "gamma": lambda g: 1 + g, "log_beta": lambda b: float(base) ** b}[price](low)
    ln = 1 if practice else np.log(int(base))
    setting = {"beta": "beta", "rho": "rho", "gamma": "gamma", "log_beta": "log_beta"}[price]
    alike = {"beta": "4.0", "rho": "0.8", "gamma": "4.0", "log_beta": "2.0"}[price]
    plain = {"beta": ("1.0", 50), "rho": ("0.5", 50 / 51), "gamma": ("0.0", 49), "log_beta": ("0.0", np.log(50) / ln)}[price]
    pixel, of_unit = 'getattr(np, together[0])(pixel)', 'getattr(np, together[1])(unit)'
    return {
        "## 3. A β of sums and a β of averages": {"beta": "## 3. A β of sums and a β of averages", "rho": "## 3. A ρ of sums and a ρ of averages",
                                                  "gamma": "## 3. A γ of sums and a γ of averages", "log_beta": "## 3. A price of sums and a price of averages"}[price],
        r"In the chapter $\log p(x \mid z)$ is a sum": {
            "beta": r"In the chapter $\log p(x \mid z)$ is a sum",
            "rho": r"Let $\rho$ weigh the divergence and $1 - \rho$ the log-likelihood, as in exercise 2. There $\log p(x \mid z)$ is a sum",
            "gamma": r"Let $1 + \gamma$ be the price of the divergence, as in exercise 2. There $\log p(x \mid z)$ is a sum",
            "log_beta": r"In the chapter $\log p(x \mid z)$ is a sum"}[price],
        'the same name "β" stands for other prices.': f'the same name "{dict(rho="ρ", gamma="γ").get(price, "β")}" stands for other prices.',
        "beta_of_sums(beta, D, K, pixels, units)": f"beta_of_sums({price}, D, K, pixels, units)",
        "the price in the chapter's sense when a code sets `beta`.": {
            "beta": "the price in the chapter's sense when a code sets `beta`.", "rho": r"the $\rho$ in the sense of exercise 2 when a code sets `rho`.",
            "gamma": r"the $\gamma$ in the sense of exercise 2 when a code sets `gamma`.",
            "log_beta": f"the log of the price in the chapter's sense when a code sets `log_beta`, both logs to the base {base}."}[price],
        r"It minimises the mean over the pixels of $(x_i - \hat{x}_i)^2$, plus `beta` times the mean over the units of the divergence.": {
            "beta": r"It minimises the mean over the pixels of $(x_i - \hat{x}_i)^2$, plus `beta` times the mean over the units of the divergence.",
            "rho": rf"It minimises $1 - \rho$ times the mean over the pixels of $(x_i - \hat{{x}}_i)^2$, plus $\rho$ times the mean over the units of the divergence, in {unit}s.",
            "gamma": rf"It minimises the mean over the pixels of $(x_i - \hat{{x}}_i)^2$, plus $1 + \gamma$ times the mean over the units of the divergence, in {unit}s.",
            "log_beta": rf"It minimises the mean over the pixels of $(x_i - \hat{{x}}_i)^2$, plus $\beta$ times the mean over the units of the divergence, in {unit}s."}[price],
        r"noise_variance(beta, D, K)`: this $\sigma^2$.": f"noise_variance({price}, D, K)`: this $\\sigma^2$"
            + (rf" for `log_beta` $= \log_{{{base}}} \beta$." if price == "log_beta" else "."),
        "What does one nat of divergence cost, and what does one nat of log-likelihood earn? Their ratio is the price.":
            f"What does one {unit} of divergence cost, and what does one {unit} of log-likelihood earn? Their ratio is "
            + {"rho": r"$\rho / (1 - \rho)$.", "gamma": r"$1 + \gamma$."}.get(price, "the price."),
        '    factor = {"sum": 1, "mean": D}[pixels]\n    return beta * factor / {"sum": 1, "mean": K}[units]':
            '    factor = {"sum": 1, "mean": D}[pixels]\n    return beta * factor / {"sum": 1, "mean": K}[units]' if practice
            else '    factor = {"sum": 1, "mean": D}[pixels] / {"sum": 1, "mean": K}[units]\n' + {
                "rho": "    beta = rho / (1 - rho) * factor\n    return beta / (1 + beta)", "gamma": "    return (1 + gamma) * factor - 1",
                "log_beta": f"    return log_beta + np.{log}(factor)"}[price],
        "# (a) The price of a nat when both are sums.": {"beta": "# (a) The price of a nat when both are sums.", "rho": "# (a) The rho of sums.",
                                                         "gamma": "# (a) The gamma of sums.", "log_beta": f"# (a) The log-price of a {unit} when both are sums."}[price],
        'beta_of_sums(4.0, 400, 8, "sum", "sum"), 4)': f'beta_of_sums({alike}, 400, 8, "sum", "sum"), {alike.removesuffix(".0")})',
        'beta_of_sums(1.0, 400, 8, "mean", "mean"), 50)': f'beta_of_sums({plain[0]}, 400, 8, "mean", "mean"), {shown(plain[1])})',
        "D, K, beta = int(rng.integers(20, 4000)), int(rng.integers(2, 30)), float(rng.uniform(0.1, 9))":
            f"D, K, {price} = int(rng.integers(20, 4000)), int(rng.integers(2, 30)), float(rng.uniform({drawn[0]}))",
        "# one nat in one pixel, one nat in one unit": f"# one {unit} in one pixel, one {unit} in one unit",
        f"cost, gain = beta * {of_unit}, {pixel}": f"cost, gain = {'rho' if price == 'rho' else factor} * {of_unit}, {'(1 - rho) * ' if price == 'rho' else ''}{pixel}",
        "close(beta_of_sums(beta, D, K, *together), cost / gain)": f"close(beta_of_sums({price}, D, K, *together), "
            + {"beta": "cost / gain", "rho": "cost / (cost + gain)", "gamma": "cost / gain - 1", "log_beta": f"np.{log}(cost / gain)"}[price] + ")",
        "def noise_variance(beta, D, K):": f"def noise_variance({price}, D, K):",
        "    return beta * D / (2 * K)": {"beta": "    return beta * D / (2 * K)", "rho": f"    return rho * D / (2 * np.log({base}) * (1 - rho) * K)"}.get(
            price, f"    return {factor} * D / (2 * np.log({base}) * K)"),
        "noise_variance(0.02, 400, 8), 0.5)": f"noise_variance({low:g}, 400, 8), {shown(worth * 25 / ln)})",
        "D, K, beta = int(rng.integers(20, 4000)), int(rng.integers(2, 30)), float(rng.uniform(0.01, 3))":
            f"D, K, {price} = int(rng.integers(20, 4000)), int(rng.integers(2, 30)), float(rng.uniform({drawn[1]}))",
        "a squared error of one in one pixel, one nat in one unit": f"a squared error of one in one pixel, one {unit} in one unit",
        "error, nat = np.eye(D)[0]": f"error, {unit} = np.eye(D)[0]",
        "weight = beta * nat.mean() / error.mean()  # a nat costs as much as so many squared errors; to minus the ELBO, 2 sigma^2":
            (f"weight = rho * {unit}.mean() / ((1 - rho) * error.mean())" if price == "rho" else f"weight = {factor} * {unit}.mean() / error.mean()")
            + f"  # a {unit} costs as much as so many squared errors; to minus the ELBO, 2 sigma^2" + ("" if practice else f" ln {base}"),
        "noise_variance(beta, D, K), weight / 2)": f"noise_variance({setting}, D, K), weight / {'2' if practice else f'(2 * np.log({base}))'})",
    }


def misread(table, base, log, unit):
    """The table that is given another shape where it should be turned: from units by factors, from factors by units, column by column."""
    turned, columns = table == "factors", table == "columns"
    from_, to = ("factors", "units") if turned else ("units", "factors")
    rows, cols = (f"n_{to}", f"n_{from_}")
    m, j = ("j", "m") if turned else ("m", "j")
    what = {"units": ("factor", "unit"), "columns": ("factor", "unit"), "factors": ("unit", "factor")}[table]
    order = ', order="F"' if columns else ""
    info = np.array([[0.9, 0.1], [0.2, 0.4], [0.5, 0.6]])
    meant = {"units": ("1, 0", "[1, 3]", "factor 1 and unit 0"), "factors": ("1, 0", "[5, 0]", "unit 1 and factor 0"),
             "columns": ("1, 2", "[3, 1]", "factor 1 and unit 2")}[table]
    per_two = {"e": "0.2 / np.log(2)", "2": "0.2", "10": "0.2 / np.log10(2)"}[base]
    return {
        "A public implementation of the mutual information gap has the information as a table of units by factors. It wants factors by units, and writes":
            f"{'A public' if table == 'units' else 'An'} implementation of the mutual information gap has the information as a table of {from_} by {to}. "
            f"It wants {to} by {from_}, and writes",
        "`table = info.view(n_factors, n_units)`. (In numpy the same is `info.reshape(n_factors, n_units)`.)":
            "`table = reshape(info, n_factors, n_units)`. Its language goes through a table column by column, as Fortran, R and Julia do. "
            '(In numpy the same is `info.reshape(n_factors, n_units, order="F")`.)' if columns
            else f"`table = info.view({rows}, {cols})`. (In numpy the same is `info.reshape({rows}, {cols})`.)",
        "it takes row $m$, column $j$ for the information between factor $m$ and unit $j$.":
            f"it takes row ${m}$, column ${j}$ for the information between {what[0]} ${m}$ and {what[1]} ${j}$.",
        "`info` of shape (units, factors) is in nats": f"`info` of shape ({from_}, {to}) is in {unit}s",
        "really_read(m, j, n_units, n_factors)": f"really_read({m}, {j}, n_units, n_factors)",
        "in row `m`, column `j` of its table": f"in row `{m}`, column `{j}` of its table",
        "How many numbers lie before row $m$, column $j$ of the code's table?": f"{'Go column by column: how' if columns else 'How'} many numbers lie before "
            f"row ${m}$, column ${j}$ of the code's table?",
        "    second, best = np.sort(info, axis=0)[-2:]": f"    second, best = np.sort(info, axis={'1).T' if turned else '0)'}[-2:]",
        "(best - second) / np.log(n_values)": f"(best - second) / np.{log}(n_values)",
        "info = given([[0.9, 0.1], [0.2, 0.4], [0.5, 0.6]])": f"info = given({shown(info.T if turned else info)})",
        "[0.4 / np.log(3), 0.2 / np.log(2)]": f"[0.4 / np.{log}(3), {per_two}]",
        "rng.exponential(size=(n_units, n_factors))": f"rng.exponential(size=(n_{from_}, n_{to}))",
        "float(info[j, m])": f"float(info[{'m, j' if turned else 'j, m'}])",
        "/ math.log(n_values[m])": f"/ math.{log}(n_values[m])",
        "    return divmod(m * n_units + j, n_factors)": "    return divmod(m * n_units + j, n_factors)" if table == "units"
            else "    factor, unit = divmod(j * n_factors + m, n_units)\n    return unit, factor",
        "really_read(1, 0, 8, 5), [1, 3]": f"really_read({meant[0]}, 8, 5), {meant[1]}",
        "factor 1 and unit 0 were meant": f"{meant[2]} were meant",
        "    units, factors = np.indices((n_units, n_factors))\n    units, factors = units.reshape(n_factors, n_units), factors.reshape(n_factors, n_units)\n":
            f"    {from_}, {to} = np.indices((n_{from_}, n_{to}))\n"
            f"    {from_}, {to} = {from_}.reshape({rows}, {cols}{order}), {to}.reshape({rows}, {cols}{order})\n",
        "for m, j in ((int(place) // n_units, int(place) % n_units) for place in places):":
            f"for {m}, {j} in ((int(place) // {cols}, int(place) % {cols}) for place in places):",
        "[units[m, j], factors[m, j]]": f"[units[{m}, {j}], factors[{m}, {j}]]",
    }


def translations(base, price, width, scale, table):
    ln = f"np.log({base})"
    beta = {"rho": "rho / (1 - rho)", "gamma": "1 + gamma", "log_beta": f"float({base})**log_beta"}[price]
    back = {"rho": "beta / (1 + beta)", "gamma": "beta - 1", "log_beta": f"np.log(beta) / {ln}"}[price]
    part = "(1 - rho) * " if price == "rho" else ""
    s = {"s": "s", "r": "r**0.5", "tau": "tau**-0.5"}[scale]
    sigma = {"sigma": "sigma", "v": "given(v**0.5)", "lam": "given(lam**-0.5)"}[width]
    log_var = {"sigma": "given(2 * np.log(sigma))", "v": "given(np.log(v))", "lam": "given(-np.log(lam))"}[width]
    wide = {"sigma": "np.exp(np.asarray(log_var) / 2)", "v": "np.exp(np.asarray(log_var))", "lam": "np.exp(-np.asarray(log_var))"}[width]
    code = f"p, given(log_lik * {ln}), {beta}"
    place = "j, m" if table == "factors" else "m, j"
    return {
        "free_bits": (f"log_p, mu, {width}, delta", f"np.asarray(practice(given(log_p * {ln}), mu, {sigma}, delta * {ln})) / {ln}"),
        "best_code": (f"p, log_lik, {price}", f"practice({code})"),
        "best_value": (f"p, log_lik, {price}", f"{part}np.asarray(practice({code})) / {ln}"),
        "shortfall": (f"p, log_lik, {price}, q", f"{part}np.asarray(practice({code}, q)) / {ln}"),
        "beta_of_sums": (f"{price}, D, K, pixels, units", f"(lambda beta: {back})(np.asarray(practice({beta}, D, K, pixels, units)))"),
        "noise_variance": (f"{price}, D, K", f"np.asarray(practice({beta}, D, K)) / {ln}"),
        "gaps": ("info, n_values", f"practice(given(info{'.T' if table == 'factors' else ''} * {ln}), n_values)"),
        "really_read": (f"{place}, n_units, n_factors", "list(practice(j, m, n_factors, n_units))[::-1]"),
        "best_encoder": (f"W, {scale}, x, {price}", f"(lambda mu, log_var: (mu, {wide}))(*practice(W, {s}, x, {beta}))"),
        "rate_distortion": (f"W, {scale}, x, mu, {width}", f"[np.asarray(part) / {ln} for part in practice(W, {s}, x, mu, {log_var})]"),
        "price": (f"W, {scale}, x, limit", f"(lambda beta: {back})(np.asarray(practice(W, {s}, x, limit * {ln})))"),
    }
