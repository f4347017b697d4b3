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
# # Exercises: bounds on the evidence
#
# > **26 marks, about 2 hours.** You should have read [Latent-variable models: a story, and the price of it](../vae/latent_variable_models.ipynb) and [The ELBO: a bound that can be computed](../vae/elbo.ipynb).
#
# Everything here is small enough to be known exactly: latent variables with a few values, or Gaussians that are linear. So a bound can be compared with what it bounds.
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
# ## 1. Warm-up: the divergence from another prior (3 marks, 15 minutes)
#
# The chapters' prior is $\mathcal{N}(0, I)$. Take $\mathcal{N}(m, s^2 I)$ instead, with a mean $m$ of shape (latent,) and one number $s$ for all directions. Write `kl_to_prior(mu, log_var, m, s)`: the divergence $D_{KL}(\mathcal{N}(\mu, \operatorname{diag} \sigma^2) \,\|\, \mathcal{N}(m, s^2 I))$ for each row of `mu` and `log_var`, shape (batch,). As in the chapters, `log_var` is $\log \sigma^2$.
#
# :::{dropdown} Hint
# Move and stretch the axes so that the prior becomes $\mathcal{N}(0, I)$. A divergence does not notice.
# :::

# %% nbgrader={"grade": false, "grade_id": "kl", "locked": false, "schema_version": 3, "solution": true, "task": false}
def kl_to_prior(mu, log_var, m, s):
    ### BEGIN SOLUTION
    distance = (np.exp(log_var) + (mu - m) ** 2) / s**2
    return 0.5 * (distance - 1 - log_var + 2 * np.log(s)).sum(axis=1)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "kl-test", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# The divergence of each row from the prior.
mu, log_var = given([[0, 0], [1, 2]]), given([[0, 0], [0, 1]])
assert close(kl_to_prior(mu, log_var, given([0, 0]), 1.0), [0, 2.859141])
assert close(kl_to_prior(mu, log_var, given([1, 0]), 2.0)[1], 0.851080)
print("The examples agree.")
### BEGIN HIDDEN TESTS
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 0)
for batch, n_latent in ((1, 1), (4, 3), (3, 4)):
    mu, log_var = rng.normal(size=(batch, n_latent)), rng.normal(size=(batch, n_latent))
    m, s = rng.normal(size=n_latent), float(rng.uniform(0.5, 2))
    expected = np.zeros(batch)
    for n, k in np.ndindex(batch, n_latent):  # quadrature
        sigma = np.exp(log_var[n, k] / 2)
        z = mu[n, k] + sigma * np.linspace(-12, 12, 4001)
        log_q = -0.5 * ((z - mu[n, k]) / sigma) ** 2 - np.log(sigma)
        log_p = -0.5 * ((z - m[k]) / s) ** 2 - np.log(s)
        q = np.exp(log_q) / np.sqrt(2 * np.pi)
        expected[n] += (q * (log_q - log_p)).sum() * (z[1] - z[0])
    assert close(kl_to_prior(mu, log_var, m, s), expected), f"wrong for {n_latent} latent directions"
### END HIDDEN TESTS

# %% [markdown]
# ## 2. The bound, its gap, and nothing else (9 marks, 40 minutes)
#
# A latent variable has $K$ values. For one $x$, `log_joint` holds $\log p(x, z)$ for each value $z$, and `q` holds any distribution over the values; some of its entries may be zero. Derive $\log p(x) = \mathcal{L} + D_{KL}(q \,\|\, p(z \mid x))$ in three steps. Each function gives one number.
#
# **Step 1** (1 mark). `log_evidence(log_joint)`: $\log p(x)$. The logs go down to some thousands below zero.
#
# **Step 2** (2 marks). `bound(log_joint, q)`: $\mathcal{L} = \mathbb{E}_q[\log p(x, z) - \log q(z)]$. A value of probability zero adds nothing.
#
# **Step 3** (2 marks). `gap(log_joint, q)`: $D_{KL}(q \,\|\, p(z \mid x))$.
#
# :::{dropdown} Hint for step 2
# $q \log q$ goes to zero as $q$ does. A computer says nan to it: leave these values out of the sum.
# :::

# %% nbgrader={"grade": false, "grade_id": "evidence", "locked": false, "schema_version": 3, "solution": true, "task": false}
def log_evidence(log_joint):
    ### BEGIN SOLUTION
    return np.logaddexp.reduce(log_joint)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "evidence-test", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Step 1: the log-probability of x.
assert close(log_evidence(given(np.log([0.1, 0.2]))), np.log(0.3))
assert close(log_evidence(given([-5000, -5000])), np.log(2) - 5000)
print("The examples agree.")
### BEGIN HIDDEN TESTS
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 1)
for K, shift in ((1, 0), (5, 0), (4, -30)):
    p = rng.random(K)
    assert close(log_evidence(np.log(p) + shift), np.log(sum(p)) + shift), f"wrong for {K} values"
assert abs(log_evidence(np.log(p) - 4000) + 4000 - np.log(sum(p))) < 0.01, "wrong for very small probabilities"
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "bound", "locked": false, "schema_version": 3, "solution": true, "task": false}
def bound(log_joint, q):
    ### BEGIN SOLUTION
    on = q > 0
    return (q[on] * (log_joint[on] - np.log(q[on]))).sum()
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "bound-test", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Step 2: the bound, for zero probabilities too.
log_joint = given(np.log([0.1, 0.2, 0.1]))
assert close(bound(log_joint, given([0.25, 0.5, 0.25])), np.log(0.4))
assert close(bound(log_joint, given([0, 1, 0])), np.log(0.2))
print("The examples agree.")
### BEGIN HIDDEN TESTS
import math
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 2)
for K, off in ((2, 0), (5, 0), (4, 2)):
    log_joint, q = 3 * rng.normal(size=K) - 5, rng.random(K)
    q[:off] = 0
    q = q / q.sum()
    expected = sum(q[z] * log_joint[z] - q[z] * math.log(q[z]) for z in range(K) if q[z] > 0)
    assert close(bound(log_joint, q), expected), f"wrong for {K} values, {off} of them with q = 0"
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "gap", "locked": false, "schema_version": 3, "solution": true, "task": false}
def gap(log_joint, q):
    ### BEGIN SOLUTION
    log_posterior = log_joint - np.logaddexp.reduce(log_joint)
    on = q > 0
    return (q[on] * (np.log(q[on]) - log_posterior[on])).sum()
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "gap-test", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Step 3: the divergence from the posterior.
log_joint = given(np.log([0.1, 0.2, 0.1]))
assert close(gap(log_joint, given([0.25, 0.5, 0.25])), 0)
assert close(gap(log_joint, given([0, 1, 0])), np.log(2))
print("The examples agree.")
### BEGIN HIDDEN TESTS
import math
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 3)
for K, off in ((2, 0), (5, 0), (4, 2)):
    log_joint, q = 2 * rng.normal(size=K) - 5, rng.random(K)
    q[:off] = 0
    q = q / q.sum()
    total = sum(math.exp(a) for a in log_joint)
    expected = sum(q[z] * (math.log(q[z]) - math.log(math.exp(log_joint[z]) / total)) for z in range(K) if q[z] > 0)
    assert close(gap(log_joint, q), expected), f"wrong for {K} values, {off} of them with q = 0"
### END HIDDEN TESTS

# %% [markdown]
# **By hand** (4 marks, marked by a person). Show that $\log p(x) = \mathcal{L} + D_{KL}(q \,\|\, p(z \mid x))$ for every $q$, and conclude that $\mathcal{L} \le \log p(x)$. You may use Jensen's inequality for the logarithm. For which $q$ does equality hold?
#
# | what is marked | marks |
# | --- | --- |
# | $\log p(x)$ is written as an expectation under $q$, with the reason why that is allowed | 1 |
# | $p(x)$ is replaced by $p(x, z) / p(z \mid x)$ and $q$ is brought in above and below | 1 |
# | the two expectations are recognised as $\mathcal{L}$ and the divergence | 1 |
# | the divergence is shown not to be negative, and zero exactly for $q = p(z \mid x)$ | 1 |

# %% [markdown] nbgrader={"grade": true, "grade_id": "identity", "locked": false, "points": 4, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# $\log p(x)$ does not depend on $z$ and $q$ sums to one, so $\log p(x) = \mathbb{E}_q[\log p(x)]$. For every $z$, $p(x) = p(x, z) / p(z \mid x)$. Put this in, and multiply and divide by $q(z)$: $\log p(x) = \mathbb{E}_q[\log \frac{p(x, z)}{q(z)} + \log \frac{q(z)}{p(z \mid x)}]$. The first term is $\mathcal{L}$, the second $D_{KL}(q \,\|\, p(z \mid x))$.
#
# By Jensen's inequality $-D_{KL} = \mathbb{E}_q[\log \frac{p(z \mid x)}{q(z)}] \le \log \mathbb{E}_q[\frac{p(z \mid x)}{q(z)}] \le \log 1 = 0$. The logarithm is strictly concave, so equality needs $p(z \mid x) / q(z)$ to be constant where $q > 0$, and the second inequality needs $p(z \mid x)$ to be zero elsewhere: then $q = p(z \mid x)$.
# ### END SOLUTION

# %% [markdown]
# ## 3. Latent bits (3 marks, 15 minutes)
#
# Let the latent variables be bits instead, independent under both the encoder and the prior. The encoder gives logits, the prior gives probabilities strictly between 0 and 1. Write `kl_bits(logits, p)`: the divergence of $q(z) = \prod_j \operatorname{Bern}(z_j; \operatorname{sigm}(\text{logits}_j))$ from $\prod_j \operatorname{Bern}(z_j; p_j)$ for each row, shape (batch,). `logits` has the shape (batch, latent), `p` (latent,). Logits of some thousands occur.
#
# :::{dropdown} Hint
# $\log \operatorname{sigm}(t) = -\operatorname{softplus}(-t)$ and $\log(1 - \operatorname{sigm}(t)) = -\operatorname{softplus}(t)$. `np.logaddexp(0, t)` is a softplus that never overflows.
# :::

# %% nbgrader={"grade": false, "grade_id": "bits", "locked": false, "schema_version": 3, "solution": true, "task": false}
def kl_bits(logits, p):
    ### BEGIN SOLUTION
    q = 0.5 * (1 + np.tanh(logits / 2))
    on = -np.logaddexp(0, -logits) - np.log(p)
    off = -np.logaddexp(0, logits) - np.log(1 - p)
    return np.where(q > 0, q * on, 0).sum(1) + ((1 - q) * off).sum(1)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "bits-test", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# The divergence of latent bits, for large logits too.
p = given([0.5, 0.2])
assert close(kl_bits(given([[0, 0]]), p), [0.223144])
assert close(kl_bits(given([[0, 3000], [0, -3000]]), p), [1.609438, 0.223144])
print("The examples agree.")
### BEGIN HIDDEN TESTS
import math
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 4)
for batch, n_latent in ((1, 1), (4, 3), (3, 5)):
    logits, p = 2 * rng.normal(size=(batch, n_latent)), rng.uniform(0.1, 0.9, size=n_latent)
    expected = np.zeros(batch)
    for n, k in np.ndindex(batch, n_latent):
        q = 1 / (1 + math.exp(-logits[n, k]))
        expected[n] += q * math.log(q / p[k]) + (1 - q) * math.log((1 - q) / (1 - p[k]))
    assert close(kl_bits(logits, p), expected), f"wrong for {n_latent} bits"
signs = rng.choice([-1.0, 1.0], size=(3, 5))
expected = np.where(signs > 0, -np.log(p), -np.log(1 - p)).sum(axis=1)
assert close(kl_bits(2500 * signs, p), expected), "wrong for large logits"
### END HIDDEN TESTS

# %% [markdown]
# ## 4. Spot the error (3 marks, 15 minutes)
#
# A public implementation computes the log-density of a Gaussian with $D$ independent components as $-\frac{1}{2} \log 2\pi - \frac{1}{2} \sum_{i=1}^{D} \left( \log \sigma_i^2 + \frac{(x_i - \mu_i)^2}{\sigma_i^2} \right)$. What it prints as the ELBO is none.
#
# **(a)** (2 marks) Write `gaussian_log_prob(x, mu, log_var)`: the true log-density of each row, shape (batch,).
#
# **(b)** (1 mark) Write `correction(D)`: what has to be added to every number that the implementation printed.

# %% nbgrader={"grade": false, "grade_id": "gauss", "locked": false, "schema_version": 3, "solution": true, "task": false}
def gaussian_log_prob(x, mu, log_var):
    ### BEGIN SOLUTION
    terms = np.log(2 * np.pi) + log_var + (x - mu) ** 2 / np.exp(log_var)
    return -0.5 * terms.sum(axis=1)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "gauss-test", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# (a) The log-density of a Gaussian.
zero = given([[0.0]])
assert close(gaussian_log_prob(zero, zero, zero), [-0.918939])
print("The example with one component agrees. And with more?")
### BEGIN HIDDEN TESTS
import math
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 5)
for batch, D in ((1, 1), (3, 2), (2, 5)):
    x, mu, log_var = rng.normal(size=(3, batch, D))
    expected = np.zeros(batch)
    for n, i in np.ndindex(batch, D):
        variance = math.exp(log_var[n, i])
        expected[n] += math.log(math.exp(-((x[n, i] - mu[n, i]) ** 2) / (2 * variance)) / math.sqrt(2 * math.pi * variance))
    assert close(gaussian_log_prob(x, mu, log_var), expected), f"wrong for {D} components"
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "correction", "locked": false, "schema_version": 3, "solution": true, "task": false}
def correction(D):
    ### BEGIN SOLUTION
    return -0.5 * (D - 1) * np.log(2 * np.pi)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "correction-test", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# (b) What has to be added to the printed numbers.
assert close(correction(1), 0)
print("For one component there is nothing to correct. And for more?")
### BEGIN HIDDEN TESTS
import math
for D in (2, 10, 784):
    standard = D * math.log(1 / math.sqrt(2 * math.pi))  # the log-density at the mean, all variances 1
    assert close(correction(D), standard - math.log(1 / math.sqrt(2 * math.pi))), f"wrong for {D} components"
### END HIDDEN TESTS

# %% [markdown]
# ## 5. A small project: a model whose evidence is known (8 marks, 40 minutes)
#
# One latent number, $z \sim \mathcal{N}(0, 1)$, and $x \sim \mathcal{N}(w z, s^2 I)$ with $w$ of shape (D,) and a number $s$. Here all that is intractable in a VAE is known. `x` has the shape (batch, D).
#
# **(a)** (3 marks) `exact(w, s, x)`: $\log p(x)$ for each row, shape (batch,).
#
# **(b)** (2 marks) `posterior(w, s, x)`: mean and variance of $p(z \mid x)$, both of shape (batch,).
#
# **(c)** (3 marks) `elbo(w, s, x, m, v)`: the bound for $q(z \mid x) = \mathcal{N}(m, v)$, in closed form, nothing sampled; `m` and `v` have the shape (batch,), and so has the answer.
#
# :::{dropdown} Hint for (a)
# $x$ is Gaussian with mean zero. Its covariance is $w w^\top + s^2 I$, of size D × D.
# :::
#
# :::{dropdown} Hint for (c)
# $\mathbb{E}_q \|x - w z\|^2 = \|x - w m\|^2 + v \|w\|^2$, and the divergence from the prior is that of two Gaussians.
# :::

# %% nbgrader={"grade": false, "grade_id": "exact", "locked": false, "schema_version": 3, "solution": true, "task": false}
def exact(w, s, x):
    ### BEGIN SOLUTION
    covariance = np.outer(w, w) + s**2 * np.eye(len(w))
    log_det = np.linalg.slogdet(2 * np.pi * covariance)[1]
    distance = (x * np.linalg.solve(covariance, x.T).T).sum(axis=1)
    return -0.5 * (log_det + distance)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "exact-test", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# (a) The exact log-evidence.
answer = exact(given([1]), 1.0, given([[0], [2]]))
assert close(answer, [-1.265512, -2.265512])
print("The example agrees.")
### BEGIN HIDDEN TESTS
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 6)
z = np.linspace(-9, 9, 6001)
for D, batch in ((1, 2), (3, 4), (5, 3)):
    w, s, x = rng.normal(size=D), float(rng.uniform(0.5, 1.5)), rng.normal(size=(batch, D))
    expected = np.zeros(batch)
    for n in range(batch):  # quadrature over z
        log_joint = -0.5 * z**2 - 0.5 * np.log(2 * np.pi)
        for i in range(D):
            log_joint = log_joint - 0.5 * ((x[n, i] - w[i] * z) / s) ** 2 - np.log(s) - 0.5 * np.log(2 * np.pi)
        expected[n] = np.log(np.exp(log_joint).sum() * (z[1] - z[0]))
    assert close(exact(w, s, x), expected), f"wrong for {D} components"
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "posterior", "locked": false, "schema_version": 3, "solution": true, "task": false}
def posterior(w, s, x):
    ### BEGIN SOLUTION
    precision = 1 + w @ w / s**2
    return x @ w / s**2 / precision, np.full(len(x), 1 / precision)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "posterior-test", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# (b) Mean and variance of the posterior.
mean, variance = posterior(given([1]), 1.0, given([[0], [2]]))
assert close(mean, [0, 1])
assert close(variance, [0.5, 0.5])
print("The example agrees.")
### BEGIN HIDDEN TESTS
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 7)
z = np.linspace(-9, 9, 6001)
for D, batch in ((1, 2), (3, 4), (5, 3)):
    w, s, x = rng.normal(size=D), float(rng.uniform(0.5, 1.5)), rng.normal(size=(batch, D))
    means, variances = np.zeros(batch), np.zeros(batch)
    for n in range(batch):
        log_joint = -0.5 * z**2 - 0.5 * sum(((x[n, i] - w[i] * z) / s) ** 2 for i in range(D))
        p = np.exp(log_joint - log_joint.max())
        p = p / p.sum()
        means[n] = (p * z).sum()
        variances[n] = (p * (z - means[n]) ** 2).sum()
    mean, variance = posterior(w, s, x)
    assert close(mean, means), f"the mean is wrong for {D} components"
    assert close(variance, variances), f"the variance is wrong for {D} components"
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "elbo", "locked": false, "schema_version": 3, "solution": true, "task": false}
def elbo(w, s, x, m, v):
    ### BEGIN SOLUTION
    error = ((x - np.outer(m, w)) ** 2).sum(axis=1) + v * (w @ w)
    fit = -0.5 * (len(w) * np.log(2 * np.pi * s**2) + error / s**2)
    return fit - 0.5 * (m**2 + v - 1 - np.log(v))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "elbo-test", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# (c) The bound for any Gaussian q.
w, x = given([1]), given([[0], [2]])
tight = elbo(w, 1.0, x, given([0, 1]), given([0.5, 0.5]))
assert close(tight, [-1.265512, -2.265512])
loose = elbo(w, 1.0, x, given([0, 0]), given([1, 1]))
assert close(loose, [-1.418939, -3.418939])
print("The examples agree: at the posterior, the bound is tight.")
### BEGIN HIDDEN TESTS
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 8)
for D, batch in ((1, 2), (3, 4), (5, 3)):
    w, s, x = rng.normal(size=D), float(rng.uniform(0.5, 1.5)), rng.normal(size=(batch, D))
    m, v = rng.normal(size=batch), rng.uniform(0.2, 2, size=batch)
    expected = np.zeros(batch)
    for n in range(batch):  # quadrature over q
        z = m[n] + np.sqrt(v[n]) * np.linspace(-10, 10, 6001)
        log_q = -0.5 * (z - m[n]) ** 2 / v[n] - 0.5 * np.log(2 * np.pi * v[n])
        log_joint = -0.5 * z**2 - 0.5 * np.log(2 * np.pi)
        for i in range(D):
            log_joint = log_joint - 0.5 * ((x[n, i] - w[i] * z) / s) ** 2 - 0.5 * np.log(2 * np.pi * s**2)
        expected[n] = (np.exp(log_q) * (log_joint - log_q)).sum() * (z[1] - z[0])
    assert close(elbo(w, s, x, m, v), expected), f"wrong for {D} components"
### END HIDDEN TESTS
