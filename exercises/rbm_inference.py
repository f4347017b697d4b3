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
# # Exercises: an RBM of spins, and what it infers
#
# > **24 marks, about 2 hours.** You should have read [The restricted Boltzmann machine](../rbm/model.ipynb), [Inference: one layer given the other](../rbm/inference.ipynb) and [Free energy: what the machine thinks of x](../rbm/free_energy.ipynb).
#
# In this sheet the units of both layers are spins: $x_i$ and $h_j$ are $-1$ or $+1$. The energy looks as it does in the chapters, $E(x, h) = -h^\top W x - c^\top x - b^\top h$, with $W$ of shape (hidden, visible), $b$ the hidden and $c$ the visible bias. What follows from it looks different.
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
# ## 1. Warm-up: which way does a hidden spin point? (3 marks, 15 minutes)
#
# Write `prob_up(W, b, x)`: the probability that $h_j = +1$ given $x$, for each row of `x` and each hidden unit. `x` has the shape (batch, visible), the answer (batch, hidden). It must be right for inputs of some thousands too, without a warning about overflow.
#
# :::{dropdown} Hint
# Only two energies matter, those of $h_j = -1$ and $h_j = +1$. By how much do they differ?
# :::

# %% nbgrader={"grade": false, "grade_id": "up", "locked": false, "schema_version": 3, "solution": true, "task": false}
def prob_up(W, b, x):
    ### BEGIN SOLUTION
    return 0.5 * (1 + np.tanh(b + x @ W.T))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "up-test", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# The probability of each hidden spin to be up.
W, b = given([[1, -1], [0, 2], [1, 1]]), given([0, 0.5, -1])
x = given([[1, 1], [1, -1]])
answer = prob_up(W, b, x)
assert close(answer[0], [0.5, 0.993307, 0.880797])
assert close(answer[1], [0.982014, 0.047426, 0.119203])
with np.errstate(over="raise", invalid="raise"):
    assert close(prob_up(1000 * W, b, x)[1], [1, 0, 0.119203])
print("The examples agree.")
### BEGIN HIDDEN TESTS
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 0)
for n_hidden, n_visible, scale in ((1, 1, 1), (4, 4, 1), (3, 5, 1), (2, 3, 2000)):
    W, b = rng.normal(size=(n_hidden, n_visible)) * scale, rng.normal(size=n_hidden)
    x = rng.choice([-1.0, 1.0], size=(6, n_visible))
    expected = np.empty((6, n_hidden))
    for n, j in np.ndindex(6, n_hidden):
        a = b[j] + sum(W[j, i] * x[n, i] for i in range(n_visible))
        expected[n, j] = np.exp(-np.logaddexp(0, -2 * a))
    assert close(prob_up(W, b, x), expected), f"wrong for {n_hidden} hidden and {n_visible} visible spins"
### END HIDDEN TESTS

# %% [markdown]
# ## 2. Summing the hidden spins out (8 marks, 40 minutes)
#
# The free energy $F(x)$ is defined by $e^{-F(x)} = \sum_h e^{-E(x, h)}$. Derive it in two steps.
#
# **Step 1** (2 marks). Once $e^{c^\top x}$ has left the sum, what remains is a product over the hidden units, and unit $j$ brings the factor $\sum_{h_j = \pm 1} e^{h_j (b_j + W_j x)}$. Write `log_factors(W, b, x)`: the logs of these factors, shape (batch, hidden), finite for inputs of some thousands.
#
# **Step 2** (2 marks). Write `free_energy(W, b, c, x)`, shape (batch,).
#
# :::{dropdown} Hint for step 1
# $\log(e^{a} + e^{-a}) = |a| + \log(1 + e^{-2|a|})$. numpy has `logaddexp`.
# :::

# %% nbgrader={"grade": false, "grade_id": "factors", "locked": false, "schema_version": 3, "solution": true, "task": false}
def log_factors(W, b, x):
    ### BEGIN SOLUTION
    a = b + x @ W.T
    return np.logaddexp(a, -a)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "factors-test", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Step 1: the log of each hidden unit's factor, for large inputs too.
W, b, x = given([[1, -1], [0, 2]]), given([0, 0.5]), given([[1, 1], [1, -1]])
expected = [[0.693147, 2.506715], [2.018150, 1.548587]]
assert close(log_factors(W, b, x), expected)
assert close(log_factors(1000 * W, b, x)[1], [2000, 1999.5]), "too large?"
print("The examples agree.")
### BEGIN HIDDEN TESTS
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 1)
for n_hidden, n_visible, scale in ((1, 2, 1), (4, 4, 1), (3, 5, 1), (2, 3, 2000)):
    W, b = rng.normal(size=(n_hidden, n_visible)) * scale, rng.normal(size=n_hidden)
    x = rng.choice([-1.0, 1.0], size=(6, n_visible))
    expected = np.empty((6, n_hidden))
    for n, j in np.ndindex(6, n_hidden):
        a = abs(b[j] + sum(W[j, i] * x[n, i] for i in range(n_visible)))
        expected[n, j] = a + np.log(1 + np.exp(-2 * a))
    assert close(log_factors(W, b, x), expected), f"wrong for {n_hidden} hidden and {n_visible} visible spins"
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "free", "locked": false, "schema_version": 3, "solution": true, "task": false}
def free_energy(W, b, c, x):
    ### BEGIN SOLUTION
    a = b + x @ W.T
    return -(x @ c) - np.logaddexp(a, -a).sum(axis=1)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "free-test", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Step 2: the free energy of each x.
W, b = given([[1, -1], [0, 2]]), given([0, 0.5])
c, x = given([1, -2]), given([[1, 1], [1, -1]])
assert close(free_energy(W, b, c, x), [-2.199863, -6.566737])
print("The example agrees.")
### BEGIN HIDDEN TESTS
import itertools
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 2)
for n_hidden, n_visible in ((1, 2), (4, 4), (3, 5)):
    W, b, c = rng.normal(size=(n_hidden, n_visible)), rng.normal(size=n_hidden), rng.normal(size=n_visible)
    x = rng.choice([-1.0, 1.0], size=(4, n_visible))
    expected = [
        -np.log(sum(np.exp(np.dot(h, W @ row) + c @ row + b @ h) for h in itertools.product([-1, 1], repeat=n_hidden)))
        for row in x
    ]
    assert close(free_energy(W, b, c, x), expected), f"wrong for {n_hidden} hidden and {n_visible} visible spins"
### END HIDDEN TESTS

# %% [markdown]
# **By hand** (4 marks, marked by a person). Show that the hidden spins are independent given $x$: $p(h \mid x) = \prod_j p(h_j \mid x)$ with $p(h_j \mid x) = \frac{e^{h_j a_j}}{e^{a_j} + e^{-a_j}}$ and $a_j = b_j + W_j x$. Start from $p(h \mid x) = p(x, h) / \sum_{h'} p(x, h')$.
#
# | what is marked | marks |
# | --- | --- |
# | $Z$ and the term of $c$ cancel, with the reason why | 1 |
# | the exponential of the sum over $j$ becomes a product | 1 |
# | the sum over all $h'$ is pulled apart into a product of sums over one spin each | 1 |
# | each factor is seen to be a distribution, and thus to be $p(h_j \mid x)$ | 1 |

# %% [markdown] nbgrader={"grade": true, "grade_id": "factorises", "locked": false, "points": 4, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# $p(x, h) = \frac{1}{Z} e^{c^\top x} \prod_j e^{h_j a_j}$, since $h^\top W x + b^\top h = \sum_j h_j (W_j x + b_j)$. In the ratio, $\frac{1}{Z} e^{c^\top x}$ stands above and below and does not depend on $h$ or $h'$, so it cancels: $p(h \mid x) = \frac{\prod_j e^{h_j a_j}}{\sum_{h'} \prod_j e^{h'_j a_j}}$.
#
# The sum runs over every combination of the $h'_j$, and factor $j$ holds $h'_j$ only. By the distributive law it is $\prod_j \sum_{h'_j = \pm 1} e^{h'_j a_j} = \prod_j (e^{a_j} + e^{-a_j})$. So $p(h \mid x) = \prod_j \frac{e^{h_j a_j}}{e^{a_j} + e^{-a_j}}$. Each factor is positive and sums to one over $h_j = \pm 1$. Summing the product over all other spins leaves factor $j$ alone: it is $p(h_j \mid x)$.
# ### END SOLUTION

# %% [markdown]
# ## 3. Units with three values (3 marks, 20 minutes)
#
# Now let each hidden unit be 0, 1 or 2, and each visible unit 0 or 1, with the same energy. Write `mean_of_three(W, b, x)`: the mean of each $h_j$ given $x$, shape (batch, hidden), finite for inputs of some thousands.
#
# :::{dropdown} Hint
# Three states with the log-weights $0$, $a$ and $2a$: a softmax. Take the largest out before you exponentiate.
# :::

# %% nbgrader={"grade": false, "grade_id": "three", "locked": false, "schema_version": 3, "solution": true, "task": false}
def mean_of_three(W, b, x):
    ### BEGIN SOLUTION
    a = b + x @ W.T
    logits = np.stack([0 * a, a, 2 * a])
    weights = np.exp(logits - logits.max(axis=0))
    return (weights[1] + 2 * weights[2]) / weights.sum(axis=0)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "three-test", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# The mean of units that are 0, 1 or 2.
W, b, x = given([[1, -1], [0, 2]]), given([0, 0.5]), given([[0, 1], [0, 0]])
expected = [[0.424790, 1.912235], [1, 1.320157]]
assert close(mean_of_three(W, b, x), expected)
assert close(mean_of_three(1000 * W, b, x)[0], [0, 2]), "too large?"
print("The examples agree.")
### BEGIN HIDDEN TESTS
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 3)
for n_hidden, n_visible, scale in ((1, 2, 1), (4, 4, 1), (3, 5, 1), (2, 3, 2000)):
    W, b = rng.normal(size=(n_hidden, n_visible)) * scale, rng.normal(size=n_hidden)
    x = rng.choice([0.0, 1.0], size=(6, n_visible))
    expected = np.empty((6, n_hidden))
    for n, j in np.ndindex(6, n_hidden):
        a = b[j] + sum(W[j, i] * x[n, i] for i in range(n_visible))
        log_z = np.logaddexp(np.logaddexp(0, a), 2 * a)
        expected[n, j] = np.exp(a - log_z) + 2 * np.exp(2 * a - log_z)
    assert close(mean_of_three(W, b, x), expected), f"wrong for {n_hidden} hidden and {n_visible} visible units"
### END HIDDEN TESTS

# %% [markdown]
# ## 4. Spot the error (4 marks, 20 minutes)
#
# A public text on machines of bits, 0 or 1, prints the energy $E(x, h) = -h^\top W x - b^\top x - c^\top h$: here $b$ belongs to the visible units. Its code, a few lines below, computes $p(h_j = 1 \mid x) = \operatorname{sigm}(b_j + W_j x)$ and $p(x_i = 1 \mid h) = \operatorname{sigm}(c_i + (W^\top h)_i)$. With as many hidden as visible units, it runs without complaint.
#
# **(a)** (2 marks) Every pair of such conditionals belongs to some energy. Write `energy_of_code(W, b, c, x, h)`: the energy, of bits, whose conditionals the code computes, zero where all units are off. The answer has the shape (batch,).
#
# **(b)** (2 marks) How wrong is the code? Write `log_odds_error(W, b, c, x)`: the log-odds of $h_j = 1$ given $x$ as the code has them, minus those that follow from the printed energy. The answer has the shape (batch, hidden).
#
# :::{dropdown} Hint for (b)
# The log-odds of $h_j = 1$ are $E$ with $h_j = 0$ minus $E$ with $h_j = 1$. Much cancels.
# :::

# %% nbgrader={"grade": false, "grade_id": "code", "locked": false, "schema_version": 3, "solution": true, "task": false}
def energy_of_code(W, b, c, x, h):
    ### BEGIN SOLUTION
    return -((h @ W) * x).sum(axis=1) - h @ b - x @ c
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "code-test", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# (a) The energy to which the code's conditionals belong.
W, b, c = given([[1, 0], [0, 3]]), given([1, 1]), given([2, 2])
x, h = given([[0, 0], [1, 1]]), given([[0, 0], [1, 1]])
assert close(energy_of_code(W, b, c, x, h), [0, -10])
print("The examples agree. Do they tell b from c?")
### BEGIN HIDDEN TESTS
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 4)
for n in (1, 2, 4):
    W, b, c = rng.normal(size=(n, n)), rng.normal(size=n), rng.normal(size=n)
    x, h = rng.choice([0.0, 1.0], size=(8, n)), rng.choice([0.0, 1.0], size=(8, n))
    expected = [
        -sum(h[m, j] * W[j, i] * x[m, i] for i in range(n) for j in range(n)) - sum(b[j] * h[m, j] + c[j] * x[m, j] for j in range(n))
        for m in range(8)
    ]
    assert close(energy_of_code(W, b, c, x, h), expected), "the code's conditionals belong to another energy"
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "odds", "locked": false, "schema_version": 3, "solution": true, "task": false}
def log_odds_error(W, b, c, x):
    ### BEGIN SOLUTION
    return np.tile(b - c, (len(x), 1))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "odds-test", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# (b) The error of the code's log-odds.
W, b, c = given([[1, 2], [3, 4]]), given([1, 1]), given([1, 1])
assert close(log_odds_error(W, b, c, given([[0, 1]])), [[0, 0]])
print("Where both biases agree there is no error. And elsewhere?")
### BEGIN HIDDEN TESTS
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 5)
for n in (1, 2, 4):
    W, b, c = rng.normal(size=(n, n)), rng.normal(size=n), rng.normal(size=n)
    x = rng.choice([0.0, 1.0], size=(3, n))
    expected = np.empty((3, n))
    for m, j in np.ndindex(3, n):
        drive = sum(W[j, i] * x[m, i] for i in range(n))
        expected[m, j] = (b[j] + drive) - (c[j] + drive)
    assert close(log_odds_error(W, b, c, x), expected), "the code is wrong by something else"
### END HIDDEN TESTS

# %% [markdown]
# ## 5. A small project: fill in what is hidden from view (6 marks, 40 minutes)
#
# An image of spins has lost some pixels. The machine knows which values are probable. `x` has the shape (visible,); `known` has the same shape and is 1 where the pixel is known and 0 where it is lost. What `x` holds at lost pixels means nothing. Up to ten pixels are lost.
#
# **(a)** (3 marks) `log_weight(W, b, c, x, known)`: $\log \sum e^{-F(x')}$, the sum over all $x'$ that agree with `x` at the known pixels. One number.
#
# **(b)** (3 marks) `fill_in(W, b, c, x, known)`: the probability that each pixel is $+1$, given the known ones, shape (visible,). At a known pixel it is 1 or 0. Weights of some thousands occur.
#
# :::{dropdown} Hint
# List all values of the lost pixels with `itertools.product`, compute $-F$ for each image, and never exponentiate before you have taken out the largest.
# :::

# %% nbgrader={"grade": false, "grade_id": "weight", "locked": false, "schema_version": 3, "solution": true, "task": false}
def log_weight(W, b, c, x, known):
    ### BEGIN SOLUTION
    import itertools

    lost = np.flatnonzero(known == 0)
    spins = list(itertools.product([-1.0, 1.0], repeat=len(lost)))
    images = np.tile(x, (len(spins), 1))
    images[:, lost] = np.array(spins).reshape(len(spins), len(lost))
    a = b + images @ W.T
    log_p = images @ c + np.logaddexp(a, -a).sum(axis=1)
    return log_p.max() + np.log(np.exp(log_p - log_p.max()).sum())
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "weight-test", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# (a) The log of the weight of all images that agree with the known pixels.
W, b, c = given([[0, 0, 0]]), given([0]), given([1, 2, 0])
x = given([1, -1, 1])
assert close(log_weight(W, b, c, x, given([1, 1, 1])), np.log(2) - 1)
assert close(log_weight(W, b, c, x, given([1, 1, 0])), np.log(4) - 1)
print("The examples agree.")
### BEGIN HIDDEN TESTS
import itertools
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 6)
for n_hidden, n_visible, n_lost in ((2, 3, 0), (3, 4, 2), (2, 5, 5)):
    W, b, c = rng.normal(size=(n_hidden, n_visible)), rng.normal(size=n_hidden), rng.normal(size=n_visible)
    x, known = rng.choice([-1.0, 1.0], size=n_visible), np.ones(n_visible)
    known[rng.permutation(n_visible)[:n_lost]] = 0
    total = 0.0
    for image in itertools.product([-1, 1], repeat=n_visible):
        if all(image[i] == x[i] for i in range(n_visible) if known[i]):
            for h in itertools.product([-1, 1], repeat=n_hidden):
                total += np.exp(np.dot(h, W @ image) + c @ image + b @ h)
    assert close(log_weight(W, b, c, x, known), np.log(total)), f"wrong with {n_lost} of {n_visible} pixels lost"
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "fill", "locked": false, "schema_version": 3, "solution": true, "task": false}
def fill_in(W, b, c, x, known):
    ### BEGIN SOLUTION
    import itertools

    lost = np.flatnonzero(known == 0)
    spins = list(itertools.product([-1.0, 1.0], repeat=len(lost)))
    images = np.tile(x, (len(spins), 1))
    images[:, lost] = np.array(spins).reshape(len(spins), len(lost))
    a = b + images @ W.T
    log_p = images @ c + np.logaddexp(a, -a).sum(axis=1)
    p = np.exp(log_p - log_p.max())
    return p @ (images > 0) / p.sum()
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "fill-test", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# (b) The probability of each pixel, for large weights too.
W, b, c = given([[2, 2, 0]]), given([0]), given([0, 0, 0.5])
x = given([1, 1, 1])
answer = fill_in(W, b, c, x, given([1, 0, 0]))
assert close(answer, [1, 0.964675, 0.731059])
assert close(fill_in(1000 * W, b, c, x, given([1, 0, 1])), [1, 1, 1])
print("The examples agree.")
### BEGIN HIDDEN TESTS
import itertools
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 7)
for n_hidden, n_visible, n_lost in ((2, 3, 0), (3, 4, 2), (2, 5, 5)):
    W, b, c = rng.normal(size=(n_hidden, n_visible)), rng.normal(size=n_hidden), rng.normal(size=n_visible)
    x, known = rng.choice([-1.0, 1.0], size=n_visible), np.ones(n_visible)
    known[rng.permutation(n_visible)[:n_lost]] = 0
    total, up = 0.0, np.zeros(n_visible)
    for image in itertools.product([-1, 1], repeat=n_visible):
        if all(image[i] == x[i] for i in range(n_visible) if known[i]):
            for h in itertools.product([-1, 1], repeat=n_hidden):
                weight = np.exp(np.dot(h, W @ image) + c @ image + b @ h)
                total += weight
                up += weight * (np.array(image) > 0)
    assert close(fill_in(W, b, c, x, known), up / total), f"wrong with {n_lost} of {n_visible} pixels lost"
c = 3000 * rng.choice([-1.0, 1.0], size=4)  # without couplings, each pixel follows its own bias
expected = np.where(c > 0, 1, 0)
assert close(fill_in(np.zeros((2, 4)), np.zeros(2), c, np.ones(4), np.zeros(4)), expected), "wrong for large weights"
### END HIDDEN TESTS
