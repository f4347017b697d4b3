# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercises: what a nat may cost
#
# > **28 marks, about 2 hours.** You should have read [β-VAE: what a nat may cost](../vae/beta_vae.ipynb).
#
# The β-VAE puts a price on what a code carries. Here you set prices and limits where everything can be computed exactly: codes with a few values, and Gaussians that are linear. All divergences are in nats, and all logs are natural.
#
# Write each function where the sheet says `raise NotImplementedError`. The cell after it tries your function on a few examples; whoever marks the sheet tries it on others. Your functions get numpy arrays and may use numpy or torch (`torch.tensor(x)` makes a tensor of an array). They give arrays or tensors back, and must leave alone what they are given: copy an array before you change it. Each exercise can be solved without the others. The package `lecture_lib` is not there when the sheet is marked.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import numpy as np


def close(answer, expected):
    """Whether both have one shape and, up to rounding, the same numbers."""
    answer = answer.detach() if hasattr(answer, "detach") else answer
    answer = np.asarray(answer, dtype=float)
    expected = np.asarray(expected, dtype=float)
    same = answer.shape == expected.shape
    same = same and np.allclose(answer, expected, rtol=1e-4, atol=1e-5)
    if not same:
        print(f"The answer, of shape {answer.shape}:\n{answer}")
        print(f"What was expected, of shape {expected.shape}:\n{expected}")
    return same


def given(values):
    """An array that can be read but not changed."""
    array = np.array(values, dtype=float)
    array.setflags(write=False)
    return array

# %% [markdown]
# ## 1. Warm-up: nats that cost nothing (3 marks, 15 minutes)
#
# There is another way to keep units from going out: the first nats of each unit are free. Every unit $j$ has an allowance of $\delta$ nats. It pays for what it carries on average over the batch, but never less than $\delta$, so nothing is saved by carrying less:
#
# $\frac{1}{N} \sum_{n=1}^{N} \mathbb{E}_q[\log p(x_n \mid z)] - \sum_{j=1}^{K} \max\left( \delta, \, \frac{1}{N} \sum_{n=1}^{N} D_{KL}(q(z_j \mid x_n) \,\|\, p(z_j)) \right)$
#
# Write `free_bits(log_p, mu, sigma, delta)`: this objective, one number. `log_p` of shape (batch,) holds $\mathbb{E}_q[\log p(x_n \mid z)]$. The encoder gives `mu` and the standard deviations `sigma`, both of shape (batch, latent). The prior is $\mathcal{N}(0, I)$.
#
# :::{dropdown} Hint
# Mean first, then the maximum, then the sum over units. In another order it is another objective.
# :::

# %% nbgrader={"grade": false, "grade_id": "free", "locked": false, "schema_version": 3, "solution": true, "task": false}
def free_bits(log_p, mu, sigma, delta):
    ### BEGIN SOLUTION
    kl = 0.5 * (mu**2 + sigma**2 - 1) - np.log(sigma)
    return log_p.mean() - np.maximum(delta, kl.mean(axis=0)).sum()
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "free-test", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# The objective with an allowance for each unit.
log_p, mu, sigma = given([-3, -5]), given([[0, 1], [0, 3]]), np.ones((2, 2))
assert close(free_bits(log_p, mu, sigma, 0.0), -6.5)
assert close(free_bits(log_p, mu, sigma, 1.0), -7.5)
assert close(free_bits(log_p, mu, 2 * sigma, 1.0), -8.306853)
print("The examples agree.")
### BEGIN HIDDEN TESTS
import math
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 0)
for batch, K, delta in ((1, 1, 0.1), (6, 8, 0.5), (5, 6, 1.0)):
    log_p, mu = rng.normal(size=batch) - 20, rng.normal(size=(batch, K)) * rng.uniform(0, 2, size=K)
    sigma = rng.uniform(0.3, 1.5, size=(batch, K))
    mu[:, -1] *= 4
    expected = sum(log_p) / batch
    for j in range(K):
        mean = 0.0
        for n in range(batch):  # quadrature
            t = np.linspace(-10, 10, 2001)
            z = mu[n, j] + sigma[n, j] * t
            q = np.exp(-0.5 * t**2) / math.sqrt(2 * math.pi)
            mean += (q * (0.5 * z**2 - 0.5 * t**2 - math.log(sigma[n, j]))).sum() * 0.01 / batch
        expected -= mean if mean > delta else delta
    assert close(free_bits(log_p, mu, sigma, delta), expected), f"wrong for {batch} images and {K} units"
### END HIDDEN TESTS

# %% [markdown]
# ## 2. From a limit to a price (10 marks, 40 minutes)
#
# Let a code $z$ have a few values only, so that expectations are sums. `p` of shape (values,) is the prior, with no zeros. `log_lik` of shape (batch, values) holds $\log p(x \mid z)$ for each image and each value. The price is $\beta > 0$. Logs go down to some thousands below zero.
#
# **Step 1** (2 marks). `best_code(p, log_lik, beta)`: the distribution over the values that makes $\mathcal{L}_\beta = \mathbb{E}_q[\log p(x \mid z)] - \beta \, D_{KL}(q \,\|\, p)$ largest, for each image, shape (batch, values).
#
# **Step 2** (2 marks). `best_value(p, log_lik, beta)`: the largest $\mathcal{L}_\beta$, shape (batch,).
#
# **Step 3** (2 marks). `shortfall(p, log_lik, beta, q)`: by how much the $\mathcal{L}_\beta$ of `q` falls short of the largest, shape (batch,). `q` has the shape of `log_lik`; some of its entries may be zero, and these add nothing.
#
# :::{dropdown} Hint for steps 1 and 2
# A likelihood at the price $\beta$ counts with the power $1 / \beta$. Subtract the largest log of each row before you exponentiate, or use `np.logaddexp.reduce`.
# :::

# %% nbgrader={"grade": false, "grade_id": "code", "locked": false, "schema_version": 3, "solution": true, "task": false}
def best_code(p, log_lik, beta):
    ### BEGIN SOLUTION
    log_q = np.log(p) + log_lik / beta
    log_Z = np.logaddexp.reduce(log_q, axis=1)
    return np.exp(log_q - log_Z[:, None])
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "code-test", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Step 1: the best code at a price.
p, log_lik = given([0.5, 0.5]), given([[0, np.log(9)], [0, 0]])
answer = best_code(p, log_lik, 1.0)
assert close(answer, [[0.1, 0.9], [0.5, 0.5]])
answer = best_code(p, log_lik - 6000, 2.0)
assert close(answer, [[0.25, 0.75], [0.5, 0.5]])
print("The examples agree.")
### BEGIN HIDDEN TESTS
import math
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 1)
for batch, values, beta in ((1, 2, 4.0), (3, 5, 0.5), (4, 3, 2.5)):
    p, log_lik = rng.uniform(0.2, 1, size=values), 2 * rng.normal(size=(batch, values)) - 3
    p = p / p.sum()
    expected = np.zeros((batch, values))
    for n in range(batch):
        weights = [p[z] * math.exp(log_lik[n, z]) ** (1 / beta) for z in range(values)]
        expected[n] = [weight / sum(weights) for weight in weights]
    assert close(best_code(p, log_lik, beta), expected), f"wrong for a price of {beta}"
    assert close(best_code(p, log_lik - 4500, beta), expected), "wrong for very small likelihoods"
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "value", "locked": false, "schema_version": 3, "solution": true, "task": false}
def best_value(p, log_lik, beta):
    ### BEGIN SOLUTION
    return beta * np.logaddexp.reduce(np.log(p) + log_lik / beta, axis=1)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "value-test", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Step 2: the largest value of the objective.
p, log_lik = given([0.5, 0.5]), given([[0, np.log(9)], [0, 0]])
assert close(best_value(p, log_lik, 1.0), [np.log(5), 0])
assert close(best_value(p, log_lik, 2.0), [np.log(4), 0])
print("The examples agree.")
### BEGIN HIDDEN TESTS
import math
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 2)
for batch, values, beta in ((1, 2, 4.0), (3, 5, 0.5), (4, 3, 2.5)):
    p, log_lik = rng.uniform(0.2, 1, size=values), 2 * rng.normal(size=(batch, values)) - 3
    p = p / p.sum()
    expected = np.zeros(batch)
    for n in range(batch):  # the objective itself, at its best code
        q = [p[z] * math.exp(log_lik[n, z] / beta) for z in range(values)]
        q = [weight / sum(q) for weight in q]
        expected[n] = sum(q[z] * (log_lik[n, z] - beta * math.log(q[z] / p[z])) for z in range(values))
    assert close(best_value(p, log_lik, beta), expected), f"wrong for a price of {beta}"
    far = np.asarray(best_value(p, log_lik - 4500, beta), dtype=float)
    assert far.shape == (batch,), "the answer has another shape"
    assert np.abs(far + 4500 - expected).max() < 0.01, "wrong for very small likelihoods"
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "short", "locked": false, "schema_version": 3, "solution": true, "task": false}
def shortfall(p, log_lik, beta, q):
    ### BEGIN SOLUTION
    log_best = np.log(p) + log_lik / beta
    log_best = log_best - np.logaddexp.reduce(log_best, axis=1)[:, None]
    log_q = np.log(np.where(q > 0, q, 1))
    return beta * (q * (log_q - log_best)).sum(axis=1)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "short-test", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Step 3: by how much a code falls short, for zeros too.
p, log_lik = given([0.5, 0.5]), given([[0, np.log(9)], [0, 0]])
q = given([[0.25, 0.75], [0, 1]])
answer = shortfall(p, log_lik, 2.0, q)
assert close(answer, [0, 2 * np.log(2)])
print("The examples agree.")
### BEGIN HIDDEN TESTS
import math
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 3)
for batch, values, beta, off in ((1, 2, 4.0, 0), (3, 5, 0.5, 0), (4, 4, 2.5, 2)):
    p, log_lik, q = rng.uniform(0.2, 1, size=values), 2 * rng.normal(size=(batch, values)) - 3, rng.random((batch, values))
    q[:, :off] = 0
    p, q = p / p.sum(), q / q.sum(axis=1, keepdims=True)
    expected = np.zeros(batch)
    for n in range(batch):  # one objective minus the other
        best = [p[z] * math.exp(log_lik[n, z] / beta) for z in range(values)]
        best = [weight / sum(best) for weight in best]
        for code, sign in ((best, 1), (q[n], -1)):
            expected[n] += sign * sum(code[z] * (log_lik[n, z] - beta * math.log(code[z] / p[z])) for z in range(values) if code[z] > 0)
    assert close(shortfall(p, log_lik, beta, q), expected), f"wrong for a price of {beta}, {off} values with q = 0"
    assert close(shortfall(p, log_lik - 3000, beta, q), expected), "wrong for very small likelihoods"
### END HIDDEN TESTS

# %% [markdown]
# **By hand** (4 marks, marked by a person). Write $G(q) = \mathbb{E}_x \mathbb{E}_q[\log p(x \mid z)]$ and $R(q) = \mathbb{E}_x D_{KL}(q(z \mid x) \,\|\, p(z))$. Maximise $G(q)$ subject to $R(q) \le \delta$. Derive the objective of the β-VAE from this. Then let $q^*$ maximise that objective for one $\beta > 0$. Show that $q^*$ also solves the problem with a limit, for $\delta = R(q^*)$. Why may $\beta$ not be negative?
#
# | what is marked | marks |
# | --- | --- |
# | the Lagrange function is written down, with the right sign in front of the multiplier | 1 |
# | the term $\beta \delta$ is named as the one that no parameter enters, and what is left is the objective | 1 |
# | two objectives are compared, and $R(q) \le R(q^*)$ is used to conclude $G(q) \le G(q^*)$ | 1 |
# | the place is named where $\beta \ge 0$ was needed, or a negative price is shown to reward nats | 1 |

# %% [markdown] nbgrader={"grade": true, "grade_id": "constrained", "locked": false, "points": 4, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# The constraint is $\delta - R(q) \ge 0$. With a multiplier $\beta \ge 0$ the Lagrange function is $\mathcal{F}(q, \beta) = G(q) + \beta (\delta - R(q)) = G(q) - \beta R(q) + \beta \delta$. At a fixed $\beta$ the last term depends neither on $q$ nor on the decoder. What is left is $G(q) - \beta R(q) = \mathbb{E}_x [\mathbb{E}_q[\log p(x \mid z)] - \beta \, D_{KL}(q(z \mid x) \,\|\, p(z))]$, the mean of $\mathcal{L}_\beta$.
#
# Let $q^*$ maximise it and let $q$ be any code with $R(q) \le \delta = R(q^*)$. Then $G(q) - \beta R(q) \le G(q^*) - \beta R(q^*)$, so $G(q) \le G(q^*) - \beta (R(q^*) - R(q)) \le G(q^*)$. The last step needs $\beta \ge 0$ and $R(q) \le R(q^*)$. So no code within the limit is better than $q^*$, which is within the limit itself.
#
# With a negative $\beta$ the last step fails. A negative price would reward nats: codes would be pushed over the limit, not held below it.
# ### END SOLUTION

# %% [markdown]
# ## 3. A β of sums and a β of averages (4 marks, 15 minutes)
#
# In the chapter $\log p(x \mid z)$ is a sum over $D$ pixels and the divergence a sum over $K$ units. Other code takes means in one place, in the other, or in both, and the same name "β" stands for other prices.
#
# **(a)** (2 marks) `beta_of_sums(beta, D, K, pixels, units)`: the price in the chapter's sense when a code sets `beta`. `pixels` says how the log-likelihood is put together from its pixels, `units` how the divergence is put together from its units. Each is `"sum"` or `"mean"`.
#
# **(b)** (2 marks) Other code has no likelihood at all. It minimises the mean over the pixels of $(x_i - \hat{x}_i)^2$, plus `beta` times the mean over the units of the divergence. With a decoder $\mathcal{N}(\hat{x}, \sigma^2 I)$ and one value of $\sigma^2$, that is minus the ELBO of one image, up to a positive factor and a constant. Write `noise_variance(beta, D, K)`: this $\sigma^2$.
#
# :::{dropdown} Hint
# What does one nat of divergence cost, and what does one nat of log-likelihood earn? Their ratio is the price.
# :::

# %% nbgrader={"grade": false, "grade_id": "sums", "locked": false, "schema_version": 3, "solution": true, "task": false}
def beta_of_sums(beta, D, K, pixels, units):
    ### BEGIN SOLUTION
    factor = {"sum": 1, "mean": D}[pixels]
    return beta * factor / {"sum": 1, "mean": K}[units]
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "sums-test", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# (a) The price of a nat when both are sums.
assert close(beta_of_sums(4.0, 400, 8, "sum", "sum"), 4)
assert close(beta_of_sums(1.0, 400, 8, "mean", "mean"), 50)
print("The examples agree.")
### BEGIN HIDDEN TESTS
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 4)
for together in (("sum", "sum"), ("sum", "mean"), ("mean", "sum"), ("mean", "mean")):
    D, K, beta = int(rng.integers(20, 4000)), int(rng.integers(2, 30)), float(rng.uniform(0.1, 9))
    pixel, unit = np.eye(D)[0], np.eye(K)[0]  # one nat in one pixel, one nat in one unit
    cost, gain = beta * getattr(np, together[1])(unit), getattr(np, together[0])(pixel)
    assert close(beta_of_sums(beta, D, K, *together), cost / gain), f"wrong for the {together[0]} of pixels and the {together[1]} of units"
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "noise", "locked": false, "schema_version": 3, "solution": true, "task": false}
def noise_variance(beta, D, K):
    ### BEGIN SOLUTION
    return beta * D / (2 * K)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "noise-test", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# (b) The noise for which a squared error is minus the ELBO.
assert close(noise_variance(0.02, 400, 8), 0.5)
print("The example agrees.")
### BEGIN HIDDEN TESTS
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 5)
for _ in range(3):
    D, K, beta = int(rng.integers(20, 4000)), int(rng.integers(2, 30)), float(rng.uniform(0.01, 3))
    error, nat = np.eye(D)[0], np.eye(K)[0]  # a squared error of one in one pixel, one nat in one unit
    weight = beta * nat.mean() / error.mean()  # a nat costs as much as so many squared errors; to minus the ELBO, 2 sigma^2
    assert close(noise_variance(beta, D, K), weight / 2), "with this variance it is not minus the ELBO"
### END HIDDEN TESTS

# %% [markdown]
# ## 4. Spot the error (4 marks, 15 minutes)
#
# A public implementation of the mutual information gap has the information as a table of units by factors. It wants factors by units, and writes `table = info.view(n_factors, n_units)`. (In numpy the same is `info.reshape(n_factors, n_units)`.) The shape is right and nothing complains. Then it takes row $m$, column $j$ for the information between factor $m$ and unit $j$.
#
# **(a)** (2 marks) Write `gaps(info, n_values)`: the gap of each factor, done right, shape (factors,). For each factor it is the information of the best unit minus that of the second best. Use another normalisation than the chapter's: divide by the log of the number of values of the factor. `info` of shape (units, factors) is in nats, `n_values` of shape (factors,) holds the numbers of values.
#
# **(b)** (2 marks) Write `really_read(m, j, n_units, n_factors)`: the pair (unit, factor) whose information the code finds in row `m`, column `j` of its table. Rows, columns, units and factors are counted from 0.
#
# :::{dropdown} Hint for (b)
# How many numbers lie before row $m$, column $j$ of the code's table? The same number lies before the entry in `info`.
# :::

# %% nbgrader={"grade": false, "grade_id": "gaps", "locked": false, "schema_version": 3, "solution": true, "task": false}
def gaps(info, n_values):
    ### BEGIN SOLUTION
    second, best = np.sort(info, axis=0)[-2:]
    return (best - second) / np.log(n_values)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "gaps-test", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# (a) The gap of each factor, with another normalisation.
info = given([[0.9, 0.1], [0.2, 0.4], [0.5, 0.6]])
answer = gaps(info, given([3, 2]))
assert close(answer, [0.4 / np.log(3), 0.2 / np.log(2)])
print("The example agrees.")
### BEGIN HIDDEN TESTS
import math
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 6)
for n_units, n_factors in ((2, 1), (8, 5), (4, 4)):
    info, n_values = rng.exponential(size=(n_units, n_factors)), rng.integers(2, 9, size=n_factors).astype(float)
    expected = []
    for m in range(n_factors):
        column = sorted((float(info[j, m]) for j in range(n_units)), reverse=True)
        expected.append((column[0] - column[1]) / math.log(n_values[m]))
    assert close(gaps(info, n_values), expected), f"wrong for {n_units} units and {n_factors} factors"
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "read", "locked": false, "schema_version": 3, "solution": true, "task": false}
def really_read(m, j, n_units, n_factors):
    ### BEGIN SOLUTION
    return divmod(m * n_units + j, n_factors)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "read-test", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# (b) What the code really reads.
assert close(really_read(0, 0, 8, 5), [0, 0])
assert close(really_read(1, 0, 8, 5), [1, 3])
print("The examples agree: factor 1 and unit 0 were meant.")
### BEGIN HIDDEN TESTS
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 7)
for n_units, n_factors in ((8, 5), (4, 6), (3, 3)):
    units, factors = np.indices((n_units, n_factors))
    units, factors = units.reshape(n_factors, n_units), factors.reshape(n_factors, n_units)
    places = rng.permutation(n_units * n_factors)[:12]
    for m, j in ((int(place) // n_units, int(place) % n_units) for place in places):
        answer = really_read(m, j, n_units, n_factors)
        assert close(answer, [units[m, j], factors[m, j]]), f"wrong for {n_units} units and {n_factors} factors"
### END HIDDEN TESTS

# %% [markdown]
# ## 5. A small project: set the limit, find the price (7 marks, 40 minutes)
#
# In practice one sets $\beta$ and takes the rate that comes with it. In a linear model it can be done the other way round. Let $z \sim \mathcal{N}(0, I)$ in $\mathbb{R}^K$ and $x \sim \mathcal{N}(W z, s^2 I)$ with any matrix `W` of shape (D, K), whose columns need not be orthogonal, and a number $s$. The encoder is $q(z \mid x) = \mathcal{N}(\mu, \operatorname{diag} \sigma^2)$. `x` has the shape (batch, D).
#
# **(a)** (3 marks) `best_encoder(W, s, x, beta)`: the `mu` of shape (batch, K) and the `log_var` $= \log \sigma^2$ of shape (K,) that make $\mathcal{L}_\beta$ largest for each row of `x`. One `log_var` serves all rows.
#
# **(b)** (2 marks) `rate_distortion(W, s, x, mu, log_var)`: the rate and the distortion of any such encoder, two numbers, means over the rows. In closed form, with all constants, nothing sampled. The shapes are those of (a).
#
# **(c)** (2 marks) `price(W, s, x, limit)`: the $\beta$ for which the best encoder has the rate `limit`. It lies between 0.001 and 1000.
#
# :::{dropdown} Hint for (a)
# $\mathbb{E}_q \|x - W z\|^2 = \|x - W \mu\|^2 + \sum_j \sigma_j^2 \|w_j\|^2$ with the columns $w_j$ of $W$. Write down $\mathcal{L}_\beta$, and set its derivatives by $\mu$ and by each $\sigma_j^2$ to zero.
# :::
#
# :::{dropdown} Hint for (c)
# A higher price never buys more nats. So halve an interval of $\log \beta$ until it is small.
# :::

# %% nbgrader={"grade": false, "grade_id": "encoder", "locked": false, "schema_version": 3, "solution": true, "task": false}
def best_encoder(W, s, x, beta):
    ### BEGIN SOLUTION
    level = beta * s**2
    M = W.T @ W + level * np.eye(W.shape[1])
    log_var = np.log(level / (level + (W**2).sum(axis=0)))
    return np.linalg.solve(M, W.T @ x.T).T, log_var
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "encoder-test", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# (a) The best encoder at a price.
W, x = given([[1], [1]]), given([[1, 1], [2, 0], [0, 0]])
mu, log_var = best_encoder(W, 1.0, x, 1.0)
assert close(mu, [[2 / 3], [2 / 3], [0]])
assert close(log_var, [-np.log(3)])
mu, log_var = best_encoder(W, 1.0, x, 2.0)
assert close(mu, [[0.5], [0.5], [0]])
assert close(log_var, [-np.log(2)])
print("The examples agree.")
### BEGIN HIDDEN TESTS
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 8)
for D, K, batch, beta in ((1, 1, 2, 4.0), (5, 3, 4, 2.0), (3, 4, 3, 0.5)):
    W, s, x = rng.normal(size=(D, K)), float(rng.uniform(0.5, 1.5)), rng.normal(size=(batch, D))
    gain = W.T @ np.linalg.inv(W @ W.T + beta * s**2 * np.eye(D))  # the joint Gaussian, conditioned
    low, high = np.full(K, -12.0), np.full(K, 3.0)
    cost = lambda a: np.exp(a) * (W**2).sum(axis=0) / (2 * s**2) + 0.5 * beta * (np.exp(a) - a)
    for _ in range(200):  # the smallest cost, by thirds
        left, right = low + (high - low) / 3, high - (high - low) / 3
        smaller = cost(left) < cost(right)
        low, high = np.where(smaller, low, left), np.where(smaller, right, high)
    mu, log_var = best_encoder(W, s, x, beta)
    assert close(mu, x @ gain.T), f"mu is wrong for {D} pixels, {K} units and a price of {beta}"
    assert close(log_var, (low + high) / 2), f"log_var is wrong for {D} pixels, {K} units and a price of {beta}"
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "rate", "locked": false, "schema_version": 3, "solution": true, "task": false}
def rate_distortion(W, s, x, mu, log_var):
    ### BEGIN SOLUTION
    v = np.exp(log_var)
    rate = 0.5 * (mu**2 + v - 1 - log_var).sum(axis=1).mean()
    error = ((x - mu @ W.T) ** 2).sum(axis=1).mean() + (W**2).sum(axis=0) @ v
    return rate, 0.5 * (len(W) * np.log(2 * np.pi * s**2) + error / s**2)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "rate-test", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# (b) Rate and distortion, in closed form.
W, x = given([[1], [1]]), given([[1, 1], [2, 0]])
mu, log_var = given([[0.5], [0.5]]), given([-np.log(2)])
rate, distortion = rate_distortion(W, 1.0, x, mu, log_var)
assert close(rate, 0.221574)
assert close(distortion, 3.087877)
print("The example agrees.")
### BEGIN HIDDEN TESTS
import math
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 9)
points, weights = np.polynomial.hermite_e.hermegauss(3)  # exact for squares
for D, K, batch in ((1, 1, 2), (5, 3, 4), (3, 2, 3)):
    W, s, x = rng.normal(size=(D, K)), float(rng.uniform(0.5, 1.5)), rng.normal(size=(batch, D))
    mu, log_var = rng.normal(size=(batch, K)), rng.normal(size=K)
    R = distortion = 0.0
    for n in range(batch):
        for place in np.ndindex(*(3,) * K):
            weight = np.prod(weights[list(place)]) / (2 * math.pi) ** (K / 2) / batch
            eps = points[list(place)]
            z = mu[n] + np.exp(log_var / 2) * eps
            R += weight * (0.5 * (z**2).sum() - 0.5 * (eps**2).sum() - 0.5 * log_var.sum())
            distortion += weight * (0.5 * (((x[n] - W @ z) / s) ** 2).sum() + D * math.log(s * math.sqrt(2 * math.pi)))
    answer = rate_distortion(W, s, x, mu, log_var)
    assert close(answer[0], R), f"the rate is wrong for {D} pixels and {K} units"
    assert close(answer[1], distortion), f"the distortion is wrong for {D} pixels and {K} units"
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "price", "locked": false, "schema_version": 3, "solution": true, "task": false}
def price(W, s, x, limit):
    ### BEGIN SOLUTION
    ww, eye = (W**2).sum(axis=0), np.eye(W.shape[1])
    low, high = np.log(1e-3), np.log(1e3)
    for _ in range(60):
        middle = (low + high) / 2
        level = np.exp(middle) * s**2
        mu = np.linalg.solve(W.T @ W + level * eye, W.T @ x.T).T
        v = level / (level + ww)
        rate = 0.5 * (mu**2 + v - 1 - np.log(v)).sum(axis=1).mean()
        low, high = (middle, high) if rate > limit else (low, middle)
    return np.exp(middle)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "price-test", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# (c) The price that keeps a limit.
W, x = given([[1], [1]]), given([[1, 1], [2, 0]])
assert close(price(W, 1.0, x, 0.2215735903), 2)
print("The example agrees.")
### BEGIN HIDDEN TESTS
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 10)
for D, K, batch in ((2, 1, 3), (5, 3, 4), (3, 4, 3)):
    W, s, x = rng.normal(size=(D, K)), float(rng.uniform(0.5, 1.5)), 2 * rng.normal(size=(batch, D))
    beta = float(np.exp(rng.uniform(-1.5, 2.5)))
    mu = x @ np.linalg.inv(W @ W.T + beta * s**2 * np.eye(D)) @ W
    precision = 1 + np.diag(W.T @ W) / (beta * s**2)
    limit = float(0.5 * ((mu**2).sum() / batch + (1 / precision + np.log(precision) - 1).sum()))
    assert close(price(W, s, x, limit), beta), f"the price is not the one for a rate of {limit:.3f} nats"
### END HIDDEN TESTS
