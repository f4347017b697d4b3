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
# # Exercises: noise in, samples out
#
# > **25 marks, about 2 hours.** You should have read [Reparameterisation: a gradient through a draw](../vae/reparameterization.ipynb).
#
# The chapter draws from a Gaussian by shifting and stretching noise. The same idea works for other distributions, and fails for some. Here you write samplers that get their noise from outside: `u` holds uniform numbers strictly between 0 and 1, `eps` standard normal ones.
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
# ## 1. Warm-up: two other distributions (4 marks, 20 minutes)
#
# Give each distribution as a function of its parameters and of uniform noise: the inverse of its cumulative distribution function $F(z) = u$. All arrays have the same shape.
#
# **(a)** (2 marks) `logistic(mu, s, u)`: $F(z) = \operatorname{sigm}((z - \mu) / s)$.
#
# **(b)** (2 marks) `laplace(mu, s, u)`: the density is $\frac{1}{2s} e^{-|z - \mu| / s}$.
#
# :::{dropdown} Hint for (b)
# Left of $\mu$, $F(z) = \frac{1}{2} e^{(z - \mu) / s}$. Right of it, look at $1 - F$.
# :::

# %% nbgrader={"grade": false, "grade_id": "logistic", "locked": false, "schema_version": 3, "solution": true, "task": false}
def logistic(mu, s, u):
    ### BEGIN SOLUTION
    return mu + s * (np.log(u) - np.log1p(-u))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "logistic-test", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# (a) The logistic distribution.
mu, s, u = given([0, 1, 1]), given([1, 1, 2]), given([0.5, 0.5, 0.75])
assert close(logistic(mu, s, u), [0, 1, 3.197225])
print("The examples agree.")
### BEGIN HIDDEN TESTS
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 0)
for shape in ((4,), (3, 2)):
    mu, s, u = rng.normal(size=shape), rng.uniform(0.3, 3, size=shape), rng.uniform(0.01, 0.99, size=shape)
    z = np.asarray(logistic(mu, s, u), dtype=float)
    assert z.shape == shape, "the answer has another shape"
    assert close(1 / (1 + np.exp(-(z - mu) / s)), u), "F of the sample is not u"
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "laplace", "locked": false, "schema_version": 3, "solution": true, "task": false}
def laplace(mu, s, u):
    ### BEGIN SOLUTION
    return mu - s * np.sign(u - 0.5) * np.log(1 - 2 * np.abs(u - 0.5))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "laplace-test", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# (b) The Laplace distribution.
mu, s, u = given([0, 1, 1]), given([1, 1, 2]), given([0.5, 0.25, 0.75])
assert close(laplace(mu, s, u), [0, 0.306853, 2.386294])
print("The examples agree.")
### BEGIN HIDDEN TESTS
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 1)
for shape in ((40,), (3, 20)):
    mu, s, u = rng.normal(size=shape), rng.uniform(0.3, 3, size=shape), rng.uniform(0.01, 0.99, size=shape)
    z = np.asarray(laplace(mu, s, u), dtype=float)
    assert z.shape == shape, "the answer has another shape"
    t = (z - mu) / s
    cdf = np.where(t < 0, 0.5 * np.exp(np.minimum(t, 0)), 1 - 0.5 * np.exp(-np.maximum(t, 0)))
    assert close(cdf, u), "F of the sample is not u"
### END HIDDEN TESTS

# %% [markdown]
# ## 2. A Gaussian whose directions are correlated (8 marks, 40 minutes)
#
# An encoder that gives $\mu$ and a diagonal $\Sigma$ cannot say that two latent directions belong together. Let it give a square matrix `raw` of any numbers instead. From it make a lower triangular $L$ with a positive diagonal: below the diagonal $L$ is `raw`, on the diagonal it is the exponential of `raw`, above it is zero. Then $z = \mu + L \varepsilon$.
#
# **Step 1** (2 marks). `correlated(mu, raw, eps)`: the samples, shape (batch, K), for `mu` of shape (K,), `raw` (K, K) and `eps` (batch, K).
#
# **Step 2** (2 marks). `log_density(mu, raw, z)`: $\log q(z)$ of each row of `z`, shape (batch,). Triangular matrices make this cheap; any right way counts.
#
# :::{dropdown} Hint for step 2
# Undo the sampler: which $\varepsilon$ gave $z$? The volume grows by $|\det L|$, the product of the diagonal.
# :::

# %% nbgrader={"grade": false, "grade_id": "correlated", "locked": false, "schema_version": 3, "solution": true, "task": false}
def correlated(mu, raw, eps):
    ### BEGIN SOLUTION
    L = np.tril(raw, -1) + np.diag(np.exp(np.diag(raw)))
    return mu + eps @ L.T
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "correlated-test", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Step 1: samples with correlated directions.
mu, raw = given([1, 0]), given([[0, 9], [2, np.log(3)]])
assert close(correlated(mu, raw, given([[0, 0], [1, 1]])), [[1, 0], [2, 5]])
print("The examples agree.")
### BEGIN HIDDEN TESTS
import math
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 2)
for K, batch in ((1, 2), (3, 4), (4, 4)):
    mu, raw, eps = rng.normal(size=K), rng.normal(size=(K, K)), rng.normal(size=(batch, K))
    expected = np.zeros((batch, K))
    for n, i in np.ndindex(batch, K):
        expected[n, i] = mu[i] + math.exp(raw[i, i]) * eps[n, i] + sum(raw[i, j] * eps[n, j] for j in range(i))
    assert close(correlated(mu, raw, eps), expected), f"wrong for {K} directions"
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "density", "locked": false, "schema_version": 3, "solution": true, "task": false}
def log_density(mu, raw, z):
    ### BEGIN SOLUTION
    L = np.tril(raw, -1) + np.diag(np.exp(np.diag(raw)))
    eps = np.linalg.solve(L, (z - mu).T)
    log_volume = np.trace(raw) + 0.5 * len(mu) * np.log(2 * np.pi)
    return -0.5 * (eps**2).sum(axis=0) - log_volume
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "density-test", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Step 2: the log-density of a sample.
mu, raw = given([1, 0]), given([[0, 9], [2, np.log(3)]])
answer = log_density(mu, raw, given([[1, 0], [2, 5]]))
assert close(answer, [-2.936489, -3.936489])
print("The examples agree.")
### BEGIN HIDDEN TESTS
import math
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 3)
for K, batch in ((1, 2), (3, 4), (4, 4)):
    mu, raw, z = rng.normal(size=K), 0.7 * rng.normal(size=(K, K)), rng.normal(size=(batch, K))
    L = np.array([[math.exp(raw[i, i]) if i == j else raw[i, j] * (j < i) for j in range(K)] for i in range(K)])
    covariance = L @ L.T
    expected = [
        -0.5 * (z[n] - mu) @ np.linalg.inv(covariance) @ (z[n] - mu) - 0.5 * math.log((2 * math.pi) ** K * np.linalg.det(covariance))
        for n in range(batch)
    ]
    assert close(log_density(mu, raw, z), expected), f"wrong for {K} directions"
### END HIDDEN TESTS

# %% [markdown]
# **By hand** (4 marks, marked by a person). Let $f$ be a smooth function of a number and $z = \mu + \sigma \varepsilon$ with $\varepsilon \sim \mathcal{N}(0, 1)$. Show that $\frac{\partial}{\partial \sigma} \mathbb{E}[f(z)] = \mathbb{E}[f'(z) \, \varepsilon]$, and that this equals $\sigma \, \mathbb{E}[f''(z)]$. What does the second form say about the gradient for a convex $f$?
#
# | what is marked | marks |
# | --- | --- |
# | the expectation is written over $\varepsilon$, whose distribution has no parameter, and the derivative is taken inside | 1 |
# | the chain rule gives $f'(z) \, \varepsilon$ | 1 |
# | integration by parts with $\varepsilon \varphi(\varepsilon) = -\varphi'(\varepsilon)$, the boundary terms named | 1 |
# | for convex $f$ more noise never lowers the mean | 1 |

# %% [markdown] nbgrader={"grade": true, "grade_id": "stein", "locked": false, "points": 4, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# $\mathbb{E}[f(z)] = \int f(\mu + \sigma \varepsilon) \, \varphi(\varepsilon) \, d\varepsilon$ with the standard normal density $\varphi$, which holds no parameter. So the derivative goes under the integral (where $f'$ grows slowly enough), and by the chain rule it is $\int f'(\mu + \sigma \varepsilon) \, \varepsilon \, \varphi(\varepsilon) \, d\varepsilon = \mathbb{E}[f'(z) \, \varepsilon]$.
#
# Since $\varphi'(\varepsilon) = -\varepsilon \varphi(\varepsilon)$, this is $-\int f'(\mu + \sigma \varepsilon) \, \varphi'(\varepsilon) \, d\varepsilon$. Integrate by parts. The boundary terms $f' \varphi$ vanish at both ends, and $\sigma \int f''(\mu + \sigma \varepsilon) \, \varphi(\varepsilon) \, d\varepsilon = \sigma \, \mathbb{E}[f''(z)]$ remains. For a convex $f$, $f'' \ge 0$: the mean of $f$ never falls as the noise grows.
# ### END SOLUTION

# %% [markdown]
# ## 3. Two estimators of one gradient (6 marks, 30 minutes)
#
# Let $z = \mu + e^{\lambda} \varepsilon$, so that $\lambda$ is the log of the standard deviation, and let $f(z) = a_0 + a_1 z + a_2 z^2 + a_3 z^3$. We want the gradient of $\mathbb{E}[f(z)]$ with respect to $(\mu, \lambda)$. Each function gives one estimate for each entry of `eps`: shape (samples, 2), the derivative by $\mu$ first. `a` holds the four numbers.
#
# **(a)** (3 marks) `pathwise(a, mu, lam, eps)`: the derivative of $f(z)$ along the path from $\varepsilon$ to $z$.
#
# **(b)** (3 marks) `score(a, mu, lam, eps, baseline)`: $(f(z) - \text{baseline})$ times the gradient of $\log q(z)$ at the sampled $z$.
#
# :::{dropdown} Hint for (b)
# $\log q(z) = -\lambda - \frac{1}{2} (z - \mu)^2 e^{-2\lambda}$ and a constant. Differentiate with $z$ held fixed, then write the result in $\varepsilon$.
# :::

# %% nbgrader={"grade": false, "grade_id": "pathwise", "locked": false, "schema_version": 3, "solution": true, "task": false}
def pathwise(a, mu, lam, eps):
    ### BEGIN SOLUTION
    z = mu + np.exp(lam) * eps
    slope = a[1] + 2 * a[2] * z + 3 * a[3] * z**2
    return np.stack([slope, slope * np.exp(lam) * eps], axis=1)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "pathwise-test", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# (a) The pathwise gradient, one estimate a sample.
answer = pathwise(given([5, 0, 1, 0]), 1.0, 0.0, given([0, 1, -1]))
assert close(answer, [[2, 0], [4, 4], [0, 0]])
print("The example agrees.")
### BEGIN HIDDEN TESTS
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 4)
for samples in (1, 5):
    a, mu, lam, eps = rng.normal(size=4), float(rng.normal()), float(rng.normal() / 2), rng.normal(size=samples)
    f = lambda m, v: sum(a[n] * (m + np.exp(v) * eps) ** n for n in range(4))
    t = 1e-5
    expected = np.stack([(f(mu + t, lam) - f(mu - t, lam)) / (2 * t), (f(mu, lam + t) - f(mu, lam - t)) / (2 * t)], axis=1)
    assert close(pathwise(a, mu, lam, eps), expected), "not the derivative along the path"
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "score", "locked": false, "schema_version": 3, "solution": true, "task": false}
def score(a, mu, lam, eps, baseline):
    ### BEGIN SOLUTION
    z = mu + np.exp(lam) * eps
    f = a[0] + a[1] * z + a[2] * z**2 + a[3] * z**3
    gradient = np.stack([eps / np.exp(lam), eps**2 - 1], axis=1)
    return (f - baseline)[:, None] * gradient
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "score-test", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# (b) The score-function gradient with a baseline, one estimate a sample.
answer = score(given([5, 0, 1, 0]), 1.0, 0.0, given([0, 1, -1]), 6.0)
assert close(answer, [[0, 0], [3, 0], [1, 0]])
print("The example agrees.")
### BEGIN HIDDEN TESTS
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 5)
for samples in (1, 5):
    a, mu, lam, eps = rng.normal(size=4), float(rng.normal()), float(rng.normal() / 2), rng.normal(size=samples)
    baseline, z, t = float(rng.normal()), mu + np.exp(lam) * eps, 1e-5
    log_q = lambda m, v: -v - 0.5 * ((z - m) * np.exp(-v)) ** 2
    slopes = [(log_q(mu + t, lam) - log_q(mu - t, lam)) / (2 * t), (log_q(mu, lam + t) - log_q(mu, lam - t)) / (2 * t)]
    f = sum(a[n] * z**n for n in range(4))
    assert close(score(a, mu, lam, eps, baseline), np.stack(slopes, axis=1) * (f - baseline)[:, None]), "not the score-function estimate"
### END HIDDEN TESTS

# %% [markdown]
# ## 4. Spot the error (3 marks, 15 minutes)
#
# A public derivation writes the log-density of the encoder's sample as $\log q(z) = -\log \sigma^2 - \frac{(z - \mu)^2}{2 \sigma^2}$, where a half and a constant are missing. Its exponential is not a density.
#
# **(a)** (2 marks) Write `log_mass(log_var)`: the log of the integral of $e^{\log q(z)}$ over all $z$, with $\log q$ as printed and `log_var` the array of $\log \sigma^2$.
#
# **(b)** (1 mark) A network trained with the printed formula has another entropy term. Write `entropy_error(log_var)`: the mean of $-\log q(z)$ under $\mathcal{N}(\mu, \sigma^2)$ with $\log q$ as printed, minus the true entropy.

# %% nbgrader={"grade": false, "grade_id": "mass", "locked": false, "schema_version": 3, "solution": true, "task": false}
def log_mass(log_var):
    ### BEGIN SOLUTION
    return 0.5 * np.log(2 * np.pi) - 0.5 * log_var
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "mass-test", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# (a) The log of the integral of the printed formula.
answer = log_mass(given([np.log(2 * np.pi)]))
assert close(answer, [0])
print("The example agrees: there the printed formula happens to be right.")
### BEGIN HIDDEN TESTS
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 6)
log_var = rng.normal(size=4)
expected = []
for value in log_var:
    z = np.exp(value / 2) * np.linspace(-10, 10, 4001)
    expected.append(np.log(np.exp(-value - z**2 / (2 * np.exp(value))).sum() * (z[1] - z[0])))
assert close(log_mass(log_var), expected), "the integral is another"
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "entropy", "locked": false, "schema_version": 3, "solution": true, "task": false}
def entropy_error(log_var):
    ### BEGIN SOLUTION
    return 0.5 * log_var - 0.5 * np.log(2 * np.pi)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "entropy-test", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# (b) The error of the entropy.
assert close(entropy_error(given([np.log(2 * np.pi)])), [0])
print("The example agrees.")
### BEGIN HIDDEN TESTS
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 7)
log_var = rng.normal(size=4)
expected = []
for value in log_var:
    z = np.exp(value / 2) * np.linspace(-10, 10, 4001)
    true = -0.5 * np.log(2 * np.pi) - value / 2 - z**2 / (2 * np.exp(value))
    printed = -value - z**2 / (2 * np.exp(value))
    expected.append((np.exp(true) * (true - printed)).sum() * (z[1] - z[0]))
assert close(entropy_error(log_var), expected), "the error is another"
### END HIDDEN TESTS

# %% [markdown]
# ## 5. A small project: noise for a choice (4 marks, 30 minutes)
#
# A choice among $K$ values has no density, so no shift or stretch reaches it. But noise can make the choice: with $g_j = -\log(-\log u_j)$, the largest of $\text{logits}_j + g_j$ is at $j$ with the probability that a softmax of the logits gives. `logits` and `u` have the shape (batch, K).
#
# **(a)** (2 marks) `choose(logits, u)`: the chosen value for each row, as a one-hot row, shape (batch, K).
#
# **(b)** (2 marks) `relaxed(logits, u, tau)`: the same with a softmax of $(\text{logits} + g) / \tau$ in place of the largest. It must be right for a small temperature $\tau$ too, without a warning about overflow.
#
# :::{dropdown} Hint for (b)
# Subtract the largest entry of each row before you exponentiate.
# :::

# %% nbgrader={"grade": false, "grade_id": "choose", "locked": false, "schema_version": 3, "solution": true, "task": false}
def choose(logits, u):
    ### BEGIN SOLUTION
    best = (logits - np.log(-np.log(u))).argmax(axis=1)
    return np.eye(logits.shape[1])[best]
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "choose-test", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# (a) The chosen value, one-hot.
logits, u = given([[0, 1], [0, 1]]), given([[0.5, 0.5], [0.9, 0.1]])
assert close(choose(logits, u), [[0, 1], [1, 0]])
print("The examples agree.")
### BEGIN HIDDEN TESTS
import math
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 8)
for K in (2, 3, 6):
    logits, u = rng.normal(size=(40, K)), rng.uniform(0.001, 0.999, size=(40, K))
    expected = np.zeros((40, K))
    for n in range(40):
        values = [logits[n, k] - math.log(-math.log(u[n, k])) for k in range(K)]
        expected[n, values.index(max(values))] = 1
    assert close(choose(logits, u), expected), f"other choices among {K} values"
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "relaxed", "locked": false, "schema_version": 3, "solution": true, "task": false}
def relaxed(logits, u, tau):
    ### BEGIN SOLUTION
    t = (logits - np.log(-np.log(u))) / tau
    p = np.exp(t - t.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "relaxed-test", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# (b) The relaxed choice, for a small temperature too.
logits, u = given([[0, 1], [0, 1]]), given([[0.5, 0.5], [0.9, 0.1]])
expected = [[0.268941, 0.731059], [0.889378, 0.110622]]
assert close(relaxed(logits, u, 1.0), expected)
with np.errstate(over="raise", invalid="raise"):
    assert close(relaxed(logits, u, 0.005), [[0, 1], [1, 0]])
print("The examples agree.")
### BEGIN HIDDEN TESTS
import math
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 9)
for K, tau in ((2, 1.0), (3, 0.5), (6, 2.0)):
    logits, u = rng.normal(size=(5, K)), rng.uniform(0.05, 0.95, size=(5, K))
    expected = np.zeros((5, K))
    for n in range(5):
        values = [math.exp((logits[n, k] - math.log(-math.log(u[n, k]))) / tau) for k in range(K)]
        expected[n] = [value / sum(values) for value in values]
    assert close(relaxed(logits, u, tau), expected), f"wrong for {K} values"
logits = 5 * np.array([rng.permutation(4) for _ in range(6)]) + 5.0
expected = np.eye(4)[logits.argmax(axis=1)]
assert close(relaxed(logits, np.full((6, 4), 0.5), 0.004), expected), "wrong for a small temperature"
### END HIDDEN TESTS
