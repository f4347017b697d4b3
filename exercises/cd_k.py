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
# # Exercises: contrastive divergence on spins
#
# > **30 marks, about 2.5 hours.** You should have read [Learning: down at the data, up at the dreams](../rbm/learning.ipynb), [Contrastive divergence](../rbm/contrastive_divergence.ipynb) and [Persistent chains and the centred gradient](../rbm/persistent_cd.ipynb).
#
# In this sheet the units of both layers are spins: $x_i$ and $h_j$ are $-1$ or $+1$. The energy looks as it does in the chapters, $E(x, h) = -h^\top W x - c^\top x - b^\top h$, with $W$ of shape (hidden, visible), $b$ the hidden and $c$ the visible bias. Both conditionals are products over single spins: $p(h_j = 1 \mid x) = \frac{1}{2}(1 + \tanh(b_j + W_j x))$ and $p(x_i = 1 \mid h) = \frac{1}{2}(1 + \tanh(c_i + (W^\top h)_i))$. So the mean of $h_j$ given $x$ is $\tanh(b_j + W_j x)$. It takes the place of the probability $h(x)$ of the chapters.
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
# ## 1. Warm-up: the positive phase (3 marks, 15 minutes)
#
# Write `positive_phase(W, b, x)`: the means of $-\partial E / \partial W$, $-\partial E / \partial b$ and $-\partial E / \partial c$, over $h$ given $x$ and over the rows of `x`. `x` has the shape (batch, visible). Give three arrays back, with the shapes of $W$, $b$ and $c$. Parameters of some thousands occur.
#
# :::{dropdown} Hint
# Given $x$, only $h$ is random. The energy is linear in $h$, so its mean is all you need.
# :::

# %% nbgrader={"grade": false, "grade_id": "phase", "locked": false, "schema_version": 3, "solution": true, "task": false}
def positive_phase(W, b, x):
    ### BEGIN SOLUTION
    mean_h = np.tanh(b + x @ W.T)
    return mean_h.T @ x / len(x), mean_h.mean(axis=0), x.mean(axis=0)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "phase-test", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# The positive phase of all three parameters.
W, b = given([[1, -1], [0, 2], [1, 1]]), given([0, 0.5, -1])
x = given([[1, 1], [1, -1]])
of_W, of_b, of_c = positive_phase(W, b, x)
expected = [[0.482014, -0.482014], [0.040733, 0.945881], [0, 0.761594]]
assert close(of_W, expected)
assert close(of_b, [0.482014, 0.040733, 0])
assert close(of_c, [1, 0])
assert close(positive_phase(1000 * W, b, x)[1], [0.5, 0, 0.119203])
print("The examples agree.")
### BEGIN HIDDEN TESTS
import itertools
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 0)
for n_hidden, n_visible, scale in ((1, 2, 1), (3, 3, 1), (3, 5, 1), (2, 3, 2000)):
    W, b = rng.normal(size=(n_hidden, n_visible)) * scale, rng.normal(size=n_hidden)
    x = rng.choice([-1.0, 1.0], size=(5, n_visible))
    in_W, in_b, in_c = np.zeros((n_hidden, n_visible)), np.zeros(n_hidden), np.zeros(n_visible)
    for row in x:
        states = np.array(list(itertools.product([-1, 1], repeat=n_hidden)))
        logs = np.array([sum(h[j] * (b[j] + W[j] @ row) for j in range(n_hidden)) for h in states])
        for h, p in zip(states, np.exp(logs - np.logaddexp.reduce(logs))):
            in_W, in_b = in_W + p * np.outer(h, row) / len(x), in_b + p * h / len(x)
        in_c = in_c + row / len(x)
    answer = positive_phase(W, b, x)
    assert len(answer) == 3, "three arrays are asked for"
    assert close(answer[0], in_W), "wrong for the weights"
    assert close(answer[1], in_b), "wrong for the hidden bias"
    assert close(answer[2], in_c), "wrong for the visible bias"
### END HIDDEN TESTS

# %% [markdown]
# ## 2. A machine with a temperature (10 marks, 50 minutes)
#
# Give the machine one parameter more, a temperature $\tau > 0$, so that $p(x, h) = \frac{1}{Z} e^{-E(x, h) / \tau}$. The energy $E$ stays what it was. The conditionals do not: their arguments are divided by $\tau$. How should $\tau$ be learnt? Derive the gradient in three steps. Each layer has at most six units, so every sum can be done.
#
# **Step 1** (2 marks). Write `energy_given_x(W, b, c, tau, x)`: the mean of $E(x, h)$ over $h$ given $x$, for each row of `x`, shape (batch,).
#
# **Step 2** (2 marks). Write `energy_of_model(W, b, c, tau)`: the mean of $E(x', h)$ over the whole model, one number. Temperatures of a thousandth occur.
#
# **Step 3** (2 marks). Write `temperature_slope(W, b, c, tau, x)`: the slope of the mean log-likelihood, $\frac{1}{N} \sum_{m} \frac{\partial}{\partial \tau} \log p(x^{(m)})$, one number. The rows of `x` are the examples.
#
# :::{dropdown} Hint for step 2
# List all pairs of $x'$ and $h$ with `itertools.product`. Never exponentiate before you have taken out the largest.
# :::
#
# :::{dropdown} Hint for step 3
# There are two phases again. If you are not sure of a sign, compare with $(\log p_{\tau + \epsilon}(x) - \log p_{\tau - \epsilon}(x)) / 2 \epsilon$.
# :::

# %% nbgrader={"grade": false, "grade_id": "given-x", "locked": false, "schema_version": 3, "solution": true, "task": false}
def energy_given_x(W, b, c, tau, x):
    ### BEGIN SOLUTION
    a = b + x @ W.T
    return -(np.tanh(a / tau) * a).sum(axis=1) - x @ c
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "given-x-test", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Step 1: the mean energy given each x.
W, b = given([[1, -1], [0, 2]]), given([0, 0.5])
c, x = given([1, -2]), given([[1, 1], [1, -1]])
assert close(energy_given_x(W, b, c, 1.0, x), [-1.466536, -6.285778])
assert close(energy_given_x(W, b, c, 2.0, x), [-1.120709, -5.475912])
print("The examples agree.")
### BEGIN HIDDEN TESTS
import itertools
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 1)
for n_hidden, n_visible, tau in ((1, 2, 1.0), (3, 3, 0.4), (3, 5, 2.5), (2, 4, 0.001)):
    W, b, c = rng.normal(size=(n_hidden, n_visible)), rng.normal(size=n_hidden), rng.normal(size=n_visible)
    x = rng.choice([-1.0, 1.0], size=(4, n_visible))
    expected = []
    for row in x:
        energies = np.array([-np.dot(h, W @ row) - c @ row - b @ h for h in itertools.product([-1, 1], repeat=n_hidden)])
        weights = np.exp((energies.min() - energies) / tau)
        expected.append(weights @ energies / weights.sum())
    assert close(energy_given_x(W, b, c, tau, x), expected), f"wrong at the temperature {tau}"
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "model", "locked": false, "schema_version": 3, "solution": true, "task": false}
def energy_of_model(W, b, c, tau):
    ### BEGIN SOLUTION
    import itertools

    x = np.array(list(itertools.product([-1.0, 1.0], repeat=len(c))))
    a = b + x @ W.T
    log_p = x @ c / tau + np.logaddexp(a / tau, -a / tau).sum(axis=1)
    p = np.exp(log_p - log_p.max())
    energies = -(np.tanh(a / tau) * a).sum(axis=1) - x @ c
    return p @ energies / p.sum()
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "model-test", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Step 2: the mean energy of the model, at low temperatures too.
W, b, c = given([[1, -1], [0, 2]]), given([0, 0.5]), given([1, -2])
assert close(energy_of_model(W, b, c, 1.0), -6.063939)
assert close(energy_of_model(W, b, c, 2.0), -4.261145)
assert close(energy_of_model(W, b, c, 0.001), -6.5), "too cold?"
print("The examples agree.")
### BEGIN HIDDEN TESTS
import itertools
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 2)
for n_hidden, n_visible, tau in ((1, 2, 1.0), (3, 3, 0.4), (3, 4, 2.5), (2, 4, 0.001)):
    W, b, c = rng.normal(size=(n_hidden, n_visible)), rng.normal(size=n_hidden), rng.normal(size=n_visible)
    energies = []
    for x in itertools.product([-1, 1], repeat=n_visible):
        energies += [-np.dot(h, W @ x) - np.dot(c, x) - np.dot(b, h) for h in itertools.product([-1, 1], repeat=n_hidden)]
    energies = np.array(energies)
    weights = np.exp((energies.min() - energies) / tau)
    assert close(energy_of_model(W, b, c, tau), weights @ energies / weights.sum()), f"wrong at the temperature {tau}"
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "slope", "locked": false, "schema_version": 3, "solution": true, "task": false}
def temperature_slope(W, b, c, tau, x):
    ### BEGIN SOLUTION
    import itertools

    def mean_energies(x):
        a = b + x @ W.T
        return -(np.tanh(a / tau) * a).sum(axis=1) - x @ c

    every = np.array(list(itertools.product([-1.0, 1.0], repeat=len(c))))
    a = (b + every @ W.T) / tau
    log_p = every @ c / tau + np.logaddexp(a, -a).sum(axis=1)
    p = np.exp(log_p - log_p.max())
    negative = p @ mean_energies(every) / p.sum()
    return (mean_energies(x).mean() - negative) / tau**2
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "slope-test", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Step 3: the slope of the mean log-likelihood along the temperature.
W, b, c = given([[1, -1], [0, 2]]), given([0, 0.5]), given([1, -2])
x = given([[1, 1], [1, -1]])
assert close(temperature_slope(W, b, c, 1.0, x), 2.187783)
assert close(temperature_slope(W, b, c, 2.0, x[1:]), -0.303692)
print("The examples agree. Why has the second another sign?")
### BEGIN HIDDEN TESTS
import itertools
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 3)
for n_hidden, n_visible, tau in ((1, 2, 1.0), (3, 3, 0.7), (2, 4, 2.5)):
    W, b, c = rng.normal(size=(n_hidden, n_visible)), rng.normal(size=n_hidden), rng.normal(size=n_visible)
    x = rng.choice([-1.0, 1.0], size=(3, n_visible))

    def log_likelihood(tau):
        states = np.array(list(itertools.product([-1.0, 1.0], repeat=n_visible)))
        spins = np.array(list(itertools.product([-1.0, 1.0], repeat=n_hidden)))
        log_z = np.logaddexp.reduce([(h @ W @ s + c @ s + b @ h) / tau for s in states for h in spins])
        return np.mean([np.logaddexp.reduce([(h @ W @ s + c @ s + b @ h) / tau for h in spins]) for s in x]) - log_z

    expected = (log_likelihood(tau + 1e-4) - log_likelihood(tau - 1e-4)) / 2e-4
    assert close(temperature_slope(W, b, c, tau, x), expected), f"wrong at the temperature {tau}"
### END HIDDEN TESTS

# %% [markdown]
# **By hand** (4 marks, marked by a person). Show that $\frac{\partial}{\partial \tau} \log p(x) = \frac{1}{\tau^2} \left( \mathbb{E}_{h \mid x}[E(x, h)] - \mathbb{E}_{x', h}[E(x', h)] \right)$. Start from $p(x) = \sum_h p(x, h)$. Do not use the gradient of the chapters; derive it.
#
# | what is marked | marks |
# | --- | --- |
# | $\log p(x)$ is a difference of two logs of sums, and both sums depend on $\tau$ | 1 |
# | the slope of $e^{-E / \tau}$, with its sign | 1 |
# | the first slope is a mean over $p(h \mid x)$, with the reason why the weights are that | 1 |
# | the second slope is a mean over $p(x', h)$, and the two are put together | 1 |

# %% [markdown] nbgrader={"grade": true, "grade_id": "warmer", "locked": false, "points": 4, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# $p(x) = \frac{1}{Z} \sum_h e^{-E(x, h)/\tau}$ with $Z = \sum_{x', h} e^{-E(x', h)/\tau}$. So $\log p(x) = \log \sum_h e^{-E(x, h)/\tau} - \log Z$, and $\tau$ stands in both terms.
#
# The energy does not depend on $\tau$, and $\frac{\partial}{\partial \tau} \left( -\frac{1}{\tau} \right) = \frac{1}{\tau^2}$. So $\frac{\partial}{\partial \tau} e^{-E/\tau} = \frac{E}{\tau^2} e^{-E/\tau}$.
#
# The slope of the log of a sum is the slope of the sum over the sum: $\frac{\partial}{\partial \tau} \log \sum_h e^{-E(x, h)/\tau} = \frac{1}{\tau^2} \sum_h \frac{e^{-E(x, h)/\tau}}{\sum_{h'} e^{-E(x, h')/\tau}} E(x, h)$. Divide numerator and denominator of the weight by $Z$: it is $p(x, h) / \sum_{h'} p(x, h') = p(h \mid x)$. So this slope is $\frac{1}{\tau^2} \mathbb{E}_{h \mid x}[E(x, h)]$.
#
# In the same way $\frac{\partial}{\partial \tau} \log Z = \frac{1}{\tau^2} \sum_{x', h} \frac{e^{-E(x', h)/\tau}}{Z} E(x', h) = \frac{1}{\tau^2} \mathbb{E}_{x', h}[E(x', h)]$. The difference of the two is what was to be shown. In words: the machine wants to be warmer if the energy at the data is higher than what it is used to.
# ### END SOLUTION

# %% [markdown]
# ## 3. Negative samples and persistent chains (7 marks, 35 minutes)
#
# From here on the temperature is 1 again. So that results can be compared, the random numbers are given: a spin is $+1$ where its number is *below* its probability of being $+1$, and $-1$ elsewhere.
#
# **(a)** (3 marks) Write `negative_sample(W, b, c, x, u_h, u_x)`: where $k$ Gibbs steps lead that start at the rows of `x`. Step $t$ first draws all hidden spins with `u_h[t]`, of shape (batch, hidden), then all visible spins with `u_x[t]`, of shape (batch, visible). Both `u_h` and `u_x` have the length $k$, which may be 0. Parameters of some thousands occur. The answer has the shape of `x`.
#
# **(b)** (4 marks) Write `pcd_update(W, b, c, x, particles, u_h, u_x, rate)`: one update of persistent CD. First move the particles $k$ steps, with the parameters as they are. Then take a step of length `rate` up the estimated gradient of the mean log-likelihood. There need not be as many particles as examples. Use means of $h$ wherever you need not draw. Give back four arrays: the new $W$, $b$ and $c$, and the particles, ready for the next update.
#
# :::{dropdown} Hint for (b)
# Each phase is a mean over its own rows. Which phase belongs to `x`, and which to the particles?
# :::

# %% nbgrader={"grade": false, "grade_id": "chain", "locked": false, "schema_version": 3, "solution": true, "task": false}
def negative_sample(W, b, c, x, u_h, u_x):
    ### BEGIN SOLUTION
    for number_h, number_x in zip(u_h, u_x):
        prob_h = (1 + np.tanh(b + x @ W.T)) / 2
        h = np.where(number_h < prob_h, 1.0, -1.0)
        prob_x = (1 + np.tanh(c + h @ W)) / 2
        x = np.where(number_x < prob_x, 1.0, -1.0)
    return x
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "chain-test", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# (a) Where the chain of CD-k ends.
W, b, c = given([[1, 0], [0, 2]]), given([0, 0.5]), given([0.5, -2])
x, none = given([[1, 1], [-1, 1]]), given(np.zeros((0, 2, 2)))
u_h = given([[[0.9, 0.9], [0.1, 0.2]], [[0.4, 0.8], [0.6, 0.3]]])
u_x = given([[[0.6, 0.4], [0.8, 0.3]], [[0.2, 0.1], [0.7, 0.3]]])
assert close(negative_sample(W, b, c, x, none, none), x)
assert close(negative_sample(W, b, c, x, u_h[:1], u_x[:1]), [[-1, 1], [1, 1]])
assert close(negative_sample(W, b, c, x, u_h, u_x), [[1, 1], [1, 1]])
print("The examples agree.")
### BEGIN HIDDEN TESTS
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 4)
for n_hidden, n_visible, k, scale in ((1, 2, 1, 1), (4, 4, 2, 1), (3, 5, 4, 1), (3, 4, 0, 1), (2, 3, 3, 2000)):
    W, b, c = rng.normal(size=(n_hidden, n_visible)) * scale, rng.normal(size=n_hidden), rng.normal(size=n_visible)
    x = rng.choice([-1.0, 1.0], size=(20, n_visible))
    u_h, u_x = rng.uniform(size=(k, 20, n_hidden)), rng.uniform(size=(k, 20, n_visible))
    expected = x.copy()
    for t in range(k):
        for n in range(20):
            h = [1 if np.log(u_h[t, n, j] / (1 - u_h[t, n, j])) < 2 * (b[j] + W[j] @ expected[n]) else -1 for j in range(n_hidden)]
            for i in range(n_visible):
                odds = 2 * (c[i] + sum(h[j] * W[j, i] for j in range(n_hidden)))
                expected[n, i] = 1 if np.log(u_x[t, n, i] / (1 - u_x[t, n, i])) < odds else -1
    assert close(negative_sample(W, b, c, x, u_h, u_x), expected), f"wrong for k = {k}"
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "pcd", "locked": false, "schema_version": 3, "solution": true, "task": false}
def pcd_update(W, b, c, x, particles, u_h, u_x, rate):
    ### BEGIN SOLUTION
    for number_h, number_x in zip(u_h, u_x):
        prob_h = (1 + np.tanh(b + particles @ W.T)) / 2
        h = np.where(number_h < prob_h, 1.0, -1.0)
        prob_x = (1 + np.tanh(c + h @ W)) / 2
        particles = np.where(number_x < prob_x, 1.0, -1.0)
    at_data, at_model = np.tanh(b + x @ W.T), np.tanh(b + particles @ W.T)
    positive, negative = at_data.T @ x, at_model.T @ particles
    W = W + rate * (positive / len(x) - negative / len(particles))
    b = b + rate * (at_data.mean(axis=0) - at_model.mean(axis=0))
    c = c + rate * (x.mean(axis=0) - particles.mean(axis=0))
    return W, b, c, particles
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "pcd-test", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
# (b) One update of persistent CD: parameters and particles.
W, b, c = given([[1, 0], [0, 2]]), given([0, 0.5]), given([0.5, -2])
x, particles = given([[1, 1], [1, -1]]), given([[1, 1], [-1, 1]])
u_h = given([[[0.9, 0.9], [0.1, 0.2]]])
u_x = given([[[0.6, 0.4], [0.8, 0.3]]])
answer = pcd_update(W, b, c, x, particles, u_h, u_x, 0.1)
assert len(answer) == 4
assert close(answer[0], [[1, 0], [0.004073, 1.995927]])
assert close(answer[1], [0.076159, 0.405412])
assert close(answer[2], [0.6, -2.1])
assert close(answer[3], [[-1, 1], [1, 1]])
print("The example agrees. It has as many particles as examples.")
### BEGIN HIDDEN TESTS
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 5)
for n_hidden, n_visible, n_rows, n_particles, k in ((1, 2, 6, 6, 1), (4, 4, 9, 4, 2), (3, 5, 4, 12, 3)):
    W, b, c = rng.normal(size=(n_hidden, n_visible)), rng.normal(size=n_hidden), rng.normal(size=n_visible)
    x, particles = rng.choice([-1.0, 1.0], size=(n_rows, n_visible)), rng.choice([-1.0, 1.0], size=(n_particles, n_visible))
    u_h, u_x = rng.uniform(size=(k, n_particles, n_hidden)), rng.uniform(size=(k, n_particles, n_visible))
    moved = particles.copy()
    for t in range(k):
        for n in range(n_particles):
            h = [1 if np.log(u_h[t, n, j] / (1 - u_h[t, n, j])) < 2 * (b[j] + W[j] @ moved[n]) else -1 for j in range(n_hidden)]
            odds = [2 * (c[i] + sum(h[j] * W[j, i] for j in range(n_hidden))) for i in range(n_visible)]
            moved[n] = [1 if np.log(u / (1 - u)) < odds[i] else -1 for i, u in enumerate(u_x[t, n])]

    def contrast(W, b, c):  # the mean free energy at the particles minus that at the data
        F = [-s @ c - sum(np.logaddexp(a, -a) for a in b + W @ s) for s in (*x, *moved)]
        return np.mean(F[n_rows:]) - np.mean(F[:n_rows])

    answer = pcd_update(W, b, c, x, particles, u_h, u_x, 0.3)
    assert len(answer) == 4, "four arrays are asked for"
    assert close(answer[3], moved), "the particles are elsewhere"
    parameters = (W, b, c)
    for number, name in enumerate(("W", "b", "c")):
        expected = parameters[number].copy()
        for place in np.ndindex(expected.shape):
            ends = []
            for step in (1e-4, -1e-4):
                there = [t.copy() for t in parameters]
                there[number][place] += step
                ends.append(contrast(*there))
            expected[place] += 0.3 * (ends[0] - ends[1]) / 2e-4
        assert close(answer[number], expected), f"the new {name} is wrong"
### END HIDDEN TESTS

# %% [markdown]
# ## 4. Spot the error (4 marks, 20 minutes)
#
# A public text on RBMs derives the gradient of the log-likelihood with respect to $W$ and $b$. For $c$ it gives none, and its code updates $W$ and $b$ only. On bits this is easily overlooked, since the hidden units stand in for $c$ as well as they can. Spins are less patient.
#
# **(a)** (2 marks) Write what is missing. `missing_gradient(W, b, c, x)`: the exact gradient of the mean log-likelihood of the rows of `x` with respect to $c$, shape (visible,). Each layer has at most six units.
#
# **(b)** (2 marks) Let $W$, $b$ and $c$ all begin at zero. Then the gradients of $W$ and $b$ are zero, and the text's code stays where it is for ever. The gradient of $c$ is zero only if every pixel of the data has the mean 0. Write `nats_lost(x)`: how much higher the mean log-likelihood of the rows of `x` could be, had $c$ alone been learnt as well as possible, while $W$ and $b$ remain zero. One number, in nats. Where the best $c_i$ is infinite, take the limit.
#
# :::{dropdown} Hint for (b)
# Without weights the pixels are independent coins. The best coin shows $+1$ as often as the data do.
# :::

# %% nbgrader={"grade": false, "grade_id": "missing", "locked": false, "schema_version": 3, "solution": true, "task": false}
def missing_gradient(W, b, c, x):
    ### BEGIN SOLUTION
    import itertools

    h = np.array(list(itertools.product([-1.0, 1.0], repeat=len(b))))
    a = c + h @ W
    log_p = h @ b + np.logaddexp(a, -a).sum(axis=1)
    p = np.exp(log_p - log_p.max())
    return x.mean(axis=0) - p @ np.tanh(a) / p.sum()
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "missing-test", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# (a) The gradient of the visible bias.
W, b, c = given([[1, -1, 0], [0, 2, 1]]), given([0, 0.5]), given([1, -2, 0])
x = given([[1, 1, 1], [1, -1, 1]])
assert close(missing_gradient(W, b, c, x), [0.080434, 0.963696, 1.663203])
assert close(missing_gradient(0 * W, b, 0 * c, x), [1, 0, 1])
print("The examples agree.")
### BEGIN HIDDEN TESTS
import itertools
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 6)
for n_hidden, n_visible in ((1, 2), (3, 3), (2, 5)):
    W, b, c = rng.normal(size=(n_hidden, n_visible)), rng.normal(size=n_hidden), rng.normal(size=n_visible)
    x = rng.choice([-1.0, 1.0], size=(5, n_visible))
    total, mean = 0.0, np.zeros(n_visible)
    for image in itertools.product([-1, 1], repeat=n_visible):
        for h in itertools.product([-1, 1], repeat=n_hidden):
            weight = np.exp(np.dot(h, W @ image) + c @ image + b @ h)
            total, mean = total + weight, mean + weight * np.array(image)
    expected = sum(row / 5 for row in x) - mean / total
    assert close(missing_gradient(W, b, c, x), expected), f"wrong for {n_hidden} hidden and {n_visible} visible spins"
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "lost", "locked": false, "schema_version": 3, "solution": true, "task": false}
def nats_lost(x):
    ### BEGIN SOLUTION
    up = (1 + x.mean(axis=0)) / 2
    p = np.stack([up, 1 - up])
    logs = np.log(np.where(p > 0, p, 1))
    return (np.log(2) + (p * logs).sum(axis=0)).sum()
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "lost-test", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# (b) What the missing gradient costs.
x = given([[1, 1], [1, -1], [-1, 1], [1, -1]])
assert close(nats_lost(x), 0.130812)
assert close(nats_lost(given([[1, -1, 1], [1, 1, -1]])), np.log(2))
print("The examples agree.")
### BEGIN HIDDEN TESTS
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 7)
for n_rows, n_visible in ((7, 1), (11, 4), (30, 6)):
    x = np.where(rng.uniform(size=(n_rows, n_visible)) < rng.uniform(size=n_visible), 1.0, -1.0)
    x[0], x[1] = 1, -1
    c = np.zeros(n_visible)
    for _ in range(3000):  # uphill in the concave log-likelihood, to its top
        c = c + 0.5 * (x.mean(axis=0) - np.tanh(c))
    best = np.mean([sum(c[i] * row[i] - np.logaddexp(c[i], -c[i]) for i in range(n_visible)) for row in x])
    assert close(nats_lost(x), best + n_visible * np.log(2)), f"wrong for {n_rows} rows of {n_visible} spins"
x = np.array([[1.0, -1.0, 1.0]] * 3)
assert close(nats_lost(x), 3 * np.log(2)), "wrong where all rows agree"
### END HIDDEN TESTS

# %% [markdown]
# ## 5. A small project: the bias of CD-k, exactly (6 marks, 30 minutes)
#
# The chain of CD-$k$ is stopped early, and its update is biased. How much? With at most five units in each layer all pictures can be listed. Do so in the order of `itertools.product([-1, 1], repeat=visible)`: the first pixel changes last.
#
# **(a)** (3 marks) Write `transition_matrix(W, b, c)`: in row $m$ and column $n$ the probability that one Gibbs step, up and down, leads from picture $m$ to picture $n$.
#
# **(b)** (3 marks) Write `cd_bias(W, b, c, x, k)`: the bias of CD-$k$ in $W$. That is the *mean* update direction of $W$, the mean being over all that the chains may do, minus the exact gradient of the mean log-likelihood. The chains start at the rows of `x`; the answer has the shape of $W$. `k` may be 0, or some hundreds.
#
# :::{dropdown} Hint for (b)
# A row vector of probabilities, times the transition matrix, is the distribution one step later. The positive phases cancel.
# :::

# %% nbgrader={"grade": false, "grade_id": "transition", "locked": false, "schema_version": 3, "solution": true, "task": false}
def transition_matrix(W, b, c):
    ### BEGIN SOLUTION
    import itertools

    x = np.array(list(itertools.product([-1.0, 1.0], repeat=len(c))))
    h = np.array(list(itertools.product([-1.0, 1.0], repeat=len(b))))
    mean_h, mean_x = np.tanh(b + x @ W.T), np.tanh(c + h @ W)
    up = ((1 + mean_h[:, None] * h) / 2).prod(axis=2)
    down = ((1 + mean_x[:, None] * x) / 2).prod(axis=2)
    return up @ down
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "transition-test", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# (a) The transition matrix of one Gibbs step.
W, b, c = given([[1, -1]]), given([0.5]), given([1, 0])
T = transition_matrix(W, b, c)
assert close(T[0], [0.027611, 0.120009, 0.648362, 0.204018])
assert close(T[1], [0.057526, 0.419614, 0.097796, 0.425064])
assert close(transition_matrix(0 * W, b, 0 * c), np.full((4, 4), 0.25))
print("The examples agree.")
### BEGIN HIDDEN TESTS
import itertools
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 8)
for n_hidden, n_visible in ((1, 2), (3, 3), (2, 4), (4, 2)):
    W, b, c = rng.normal(size=(n_hidden, n_visible)), rng.normal(size=n_hidden), rng.normal(size=n_visible)
    pictures, spins = (list(itertools.product([-1, 1], repeat=n)) for n in (n_visible, n_hidden))
    joint = np.array([[np.exp(np.dot(h, W @ s) + c @ s + b @ h) for h in spins] for s in pictures])
    expected = np.zeros((len(pictures), len(pictures)))
    for m, n, j in np.ndindex(len(pictures), len(pictures), len(spins)):
        expected[m, n] += joint[m, j] / joint[m].sum() * joint[n, j] / joint[:, j].sum()
    assert close(transition_matrix(W, b, c), expected), f"wrong for {n_hidden} hidden and {n_visible} visible spins"
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "bias", "locked": false, "schema_version": 3, "solution": true, "task": false}
def cd_bias(W, b, c, x, k):
    ### BEGIN SOLUTION
    import itertools

    every = np.array(list(itertools.product([-1.0, 1.0], repeat=len(c))))
    h = np.array(list(itertools.product([-1.0, 1.0], repeat=len(b))))
    mean_h, mean_x = np.tanh(b + every @ W.T), np.tanh(c + h @ W)
    up = ((1 + mean_h[:, None] * h) / 2).prod(axis=2)
    down = ((1 + mean_x[:, None] * every) / 2).prod(axis=2)
    q = (every == x[:, None]).all(axis=2).mean(axis=0)
    for _ in range(k):
        q = q @ up @ down
    a = b + every @ W.T
    log_p = every @ c + np.logaddexp(a, -a).sum(axis=1)
    p = np.exp(log_p - log_p.max())
    return mean_h.T @ ((p / p.sum() - q)[:, None] * every)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "bias-test", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# (b) The bias of CD-k in the weights.
W, b, c = given([[1, -1]]), given([0.5]), given([1, 0])
x = given([[1, 1], [-1, 1], [1, 1]])
assert close(cd_bias(W, b, c, x, 1), [[0.109557, -0.214917]])
assert close(cd_bias(W, b, c, x, 2), [[0.055962, -0.109781]])
assert close(cd_bias(W, b, c, x, 300), [[0, 0]])
print("The examples agree.")
### BEGIN HIDDEN TESTS
import itertools
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 9)
for n_hidden, n_visible, k in ((1, 2, 1), (3, 3, 2), (2, 4, 5), (3, 3, 40), (3, 2, 0)):
    W, b, c = rng.normal(size=(n_hidden, n_visible)), rng.normal(size=n_hidden), rng.normal(size=n_visible)
    x = rng.choice([-1.0, 1.0], size=(4, n_visible))
    x[0], x[1], x[2] = 1, 1, -1
    pictures, spins = (np.array(list(itertools.product([-1, 1], repeat=n))) for n in (n_visible, n_hidden))
    joint = np.array([[np.exp(h @ W @ s + c @ s + b @ h) for h in spins] for s in pictures])
    given_x, given_h = joint / joint.sum(axis=1, keepdims=True), joint / joint.sum(axis=0)
    exact = np.einsum("nj,ja,ni->ai", joint / joint.sum(), spins, pictures)
    expected = np.zeros((n_hidden, n_visible))
    for row in x:
        at = np.array([float((s == row).all()) for s in pictures])
        for _ in range(k):
            at = np.array([sum(given_h[n, j] * (at @ given_x[:, j]) for j in range(len(spins))) for n in range(len(pictures))])
        expected += (exact - np.einsum("n,nj,ja,ni->ai", at, given_x, spins, pictures)) / len(x)
    assert close(cd_bias(W, b, c, x, k), expected), f"wrong for k = {k}"
### END HIDDEN TESTS
