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
# # Exercises: spins instead of bits
#
# > **30 marks, about 2 hours.** You should have read [Why generative models: density, samples, features](../energy/why_generative_models.ipynb) and [Energy-based models: low energy, high probability](../energy/energy_based_models.ipynb).
#
# The chapters use units that are 0 or 1. Physicists use *spins* that are $-1$ or $+1$. Everything carries over, but no formula carries over unchanged. A row of $d$ spins $s$ has the energy $E(s) = -\sum_{i<j} J_{ij} s_i s_j - \sum_i f_i s_i$ with couplings $J$ and fields $f$. The matrix $J$ is symmetric and its diagonal is zero. As always, $p(s) = e^{-E(s)} / Z$.
#
# Write each function where the sheet says `raise NotImplementedError`. The cell after it tries your function on a few examples; whoever marks the sheet tries it on others. Your functions get numpy arrays and may use numpy or torch (`torch.tensor(s)` makes a tensor of an array). They give arrays or tensors back, and must leave alone what they are given: copy an array before you change it. Each exercise can be solved without the others. The package `lecture_lib` is not there when the sheet is marked.

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
# ## 1. Warm-up: the energy of a row of spins (3 marks, 10 minutes)
#
# Write `ising_energy(J, f, s)`: one energy for each row of `s`. The shapes are (d, d), (d,) and (batch, d); the answer is (batch,). Each pair of spins counts once.
#
# :::{dropdown} Hint
# The sum over all $i$ and $j$ meets each pair twice. What does the zero diagonal spare you?
# :::

# %% nbgrader={"grade": false, "grade_id": "energy", "locked": false, "schema_version": 3, "solution": true, "task": false}
def ising_energy(J, f, s):
    ### BEGIN SOLUTION
    return -0.5 * np.einsum("ni,ij,nj->n", s, J, s) - s @ f
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "energy-test", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# The energy of each row, every pair of spins counted once.
J = given([[0, 2, 0], [2, 0, -1], [0, -1, 0]])
f = given([0.5, 0, 1])
s = given([[1, 1, 1], [1, -1, 1], [-1, -1, -1]])
assert close(ising_energy(J, f, s), [-2.5, -0.5, 0.5])
print("The examples agree.")
### BEGIN HIDDEN TESTS
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)))
for d, batch in ((1, 2), (4, 6), (7, 3)):
    J = rng.normal(size=(d, d))
    J = np.triu(J, 1) + np.triu(J, 1).T
    f, s = rng.normal(size=d), rng.choice([-1.0, 1.0], size=(batch, d))
    expected = [
        -sum(J[i, j] * row[i] * row[j] for i in range(d) for j in range(i))
        - sum(f[i] * row[i] for i in range(d))
        for row in s
    ]
    assert close(ising_energy(J, f, s), expected), f"wrong energies for {batch} rows of {d} spins"
### END HIDDEN TESTS

# %% [markdown]
# ## 2. The partition function, and why nobody stores it (4 marks, 15 minutes)
#
# Write `log_partition(J, f)`: the exact $\log Z$, a sum over all $2^d$ rows of spins, for $d$ up to 10. Two marks are for small energies. Two are for energies of some thousands, where $e^{-E}$ is not a number a computer can hold.
#
# :::{dropdown} Hint
# Take the largest exponent out of the sum before you exponentiate: $\log \sum_n e^{a_n} = m + \log \sum_n e^{a_n - m}$ for every $m$. `itertools.product` lists the rows.
# :::

# %% nbgrader={"grade": false, "grade_id": "partition", "locked": false, "schema_version": 3, "solution": true, "task": false}
def log_partition(J, f):
    ### BEGIN SOLUTION
    import itertools

    s = np.array(list(itertools.product([-1.0, 1.0], repeat=len(f))))
    a = 0.5 * np.einsum("ni,ij,nj->n", s, J, s) + s @ f
    return a.max() + np.log(np.exp(a - a.max()).sum())
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "partition-test", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# The exact log Z of a few spins.
assert close(log_partition(given([[0]]), given([0])), np.log(2))
J, f = given([[0, 1], [1, 0]]), given([0, 0])
assert close(log_partition(J, f), np.log(2 * np.e + 2 / np.e))
print("The examples agree.")
### BEGIN HIDDEN TESTS
import itertools
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 1)
for d in (1, 3, 6):
    J = rng.normal(size=(d, d))
    J = np.triu(J, 1) + np.triu(J, 1).T
    f = rng.normal(size=d)
    total = 0.0
    for row in itertools.product([-1, 1], repeat=d):
        pairs = sum(J[i, j] * row[i] * row[j] for i in range(d) for j in range(i))
        total += np.exp(pairs + sum(f[i] * row[i] for i in range(d)))
    assert close(log_partition(J, f), np.log(total)), f"log Z of {d} spins is wrong"
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "partition-stable-test", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# log Z where the energies are in the thousands.
J, f = given([[0, 900], [900, 0]]), given([0, 0])
assert close(log_partition(J, f), 900 + np.log(2)), "too large for exp?"
print("The example agrees.")
### BEGIN HIDDEN TESTS
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 2)
for d in (2, 5):  # without couplings, log Z is a sum over spins
    f = rng.choice([-1, 1], size=d) * rng.uniform(300, 3000, size=d)
    expected = np.logaddexp(f, -f).sum()
    assert close(log_partition(np.zeros((d, d)), f), expected), "wrong where energies are large"
j, f = rng.uniform(900, 1500), rng.uniform([300, 600], [400, 700])
weights = [j * s * t + f[0] * s + f[1] * t for s in (-1, 1) for t in (-1, 1)]
answer = log_partition(np.array([[0, j], [j, 0]]), f)
assert close(answer, np.logaddexp.reduce(weights)), "wrong where energies are large"
### END HIDDEN TESTS

# %% [markdown]
# ## 3. Gibbs sampling, derived (10 marks, 45 minutes)
#
# What is the probability that spin $i$ is $+1$, given all others? Derive it in three steps, each one a function. In all of them the answer has one entry for each row of `s`, and `i` is a position from 0 to d − 1.
#
# **Step 1** (2 marks). `energy_drop(J, f, s, i)`: how much lower the energy is with $s_i = +1$ than with $s_i = -1$, all other spins staying as they are. It must not depend on the spin $s_i$ that `s` happens to hold.
#
# **Step 2** (2 marks). `prob_up(J, f, s, i)`: the probability that $s_i = +1$ given the other spins. It must be right for energies of some thousands too, without a warning about overflow.
#
# :::{dropdown} Hint for step 2
# Two states, two weights $e^{-E}$: divide both by the larger. Or: $\operatorname{sigm}(t) = \frac{1}{2}(1 + \tanh \frac{t}{2})$.
# :::

# %% nbgrader={"grade": false, "grade_id": "drop", "locked": false, "schema_version": 3, "solution": true, "task": false}
def energy_drop(J, f, s, i):
    ### BEGIN SOLUTION
    return 2 * (f[i] + s @ J[i])
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "drop-test", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Step 1: the drop in energy from spin down to spin up.
J = given([[0, 2, 0], [2, 0, -1], [0, -1, 0]])
f = given([0.5, 0, 1])
s = given([[1, 1, 1], [1, -1, 1]])
assert close(energy_drop(J, f, s, 0), [5, -3])
assert close(energy_drop(J, f, s, 1), [2, 2]), "spin i itself must not matter"
print("The examples agree.")
### BEGIN HIDDEN TESTS
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 3)
for d, i in ((2, 1), (5, 0), (6, 3)):
    J = rng.normal(size=(d, d))
    J = np.triu(J, 1) + np.triu(J, 1).T
    f, s = rng.normal(size=d), rng.choice([-1.0, 1.0], size=(4, d))
    expected = []
    for row in s:
        energies = []
        for spin in (-1, 1):
            t = [spin if n == i else row[n] for n in range(d)]
            pairs = sum(J[a, b] * t[a] * t[b] for a in range(d) for b in range(a))
            energies.append(-pairs - sum(f[a] * t[a] for a in range(d)))
        expected.append(energies[0] - energies[1])
    assert close(energy_drop(J, f, s, i), expected), f"wrong for spin {i} of {d}"
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "up", "locked": false, "schema_version": 3, "solution": true, "task": false}
def prob_up(J, f, s, i):
    ### BEGIN SOLUTION
    return 0.5 * (1 + np.tanh(f[i] + s @ J[i]))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "up-test", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Step 2: the probability of spin up, also for large energies.
J, f = given([[0, 1], [1, 0]]), given([0, 0.5])
s = given([[1, 1], [-1, 1]])
assert close(prob_up(J, f, s, 0), [0.880797, 0.880797])
assert close(prob_up(J, f, s, 1), [0.952574, 0.268941])
with np.errstate(over="raise", invalid="raise"):
    assert close(prob_up(2000 * J, f, s, 1), [1, 0])
print("The examples agree.")
### BEGIN HIDDEN TESTS
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 4)
for d, i, scale in ((2, 0, 1), (5, 4, 1), (6, 2, 3000)):
    J = rng.normal(size=(d, d)) * scale
    J = np.triu(J, 1) + np.triu(J, 1).T
    f, s = rng.normal(size=d), rng.choice([-1.0, 1.0], size=(5, d))
    expected = []
    for row in s:
        log_odds = 2 * sum(J[i, n] * row[n] for n in range(d)) + 2 * f[i]
        expected.append(1 / (1 + np.exp(-log_odds)) if log_odds > -30 else np.exp(max(log_odds, -700)))
    assert close(prob_up(J, f, s, i), expected), "wrong probability" + (" for large energies" if scale > 1 else "")
### END HIDDEN TESTS

# %% [markdown]
# **Step 3** (2 marks). `gibbs_sweep(J, f, s, u)`: one sweep of the sampler. Visit the spins 0, 1, …, d − 1 in this order; set spin $i$ of each row to $+1$ where `u[:, i]` is below its probability of being up, given what the other spins are *by then*, and to $-1$ elsewhere. `u` holds uniform random numbers and has the shape of `s`. Give back the new spins.

# %% nbgrader={"grade": false, "grade_id": "sweep", "locked": false, "schema_version": 3, "solution": true, "task": false}
def gibbs_sweep(J, f, s, u):
    ### BEGIN SOLUTION
    s = s.copy()
    for i in range(len(f)):
        p = 0.5 * (1 + np.tanh(f[i] + s @ J[i]))
        s[:, i] = np.where(u[:, i] < p, 1.0, -1.0)
    return s
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "sweep-test", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Step 3: a sweep, spin after spin, each seeing what was drawn before it.
J, f = given([[0, 5], [5, 0]]), given([0, 0])
s, u = given([[1, -1], [1, 1]]), given([[0.5, 0.5], [0.5, 0.5]])
assert close(gibbs_sweep(J, f, s, u), [[-1, -1], [1, 1]])
print("The example agrees.")
### BEGIN HIDDEN TESTS
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 5)
for d in (2, 4, 6):
    J = 1.5 * rng.normal(size=(d, d))
    J = np.triu(J, 1) + np.triu(J, 1).T
    f, s, u = rng.normal(size=d), rng.choice([-1.0, 1.0], size=(40, d)), rng.random((40, d))
    expected = s.tolist()
    for row, uniform in zip(expected, u):
        for i in range(d):
            log_odds = 2 * f[i] + 2 * sum(J[i, n] * row[n] for n in range(d) if n != i)
            row[i] = 1 if uniform[i] < 1 / (1 + np.exp(-log_odds)) else -1
    assert close(gibbs_sweep(J, f, s, u), expected), f"other spins than expected after a sweep over {d} spins"
### END HIDDEN TESTS

# %% [markdown]
# **By hand** (4 marks, marked by a person). One update of the sampler changes spin $i$ only, and draws it from $p(s_i \mid \text{other spins})$. Write $T(s \to s')$ for the probability that it leads from $s$ to $s'$. Show that $p(s) \, T(s \to s') = p(s') \, T(s' \to s)$ for all $s$ and $s'$, and conclude that the update leaves $p$ as it is.
#
# | what is marked | marks |
# | --- | --- |
# | $T$ is written down, zero where $s$ and $s'$ differ in another spin than $i$ | 1 |
# | $p(s)$ is split into $p(s_i \mid \text{others}) \, p(\text{others})$ | 1 |
# | both sides are seen to be equal, the case of a zero $T$ included | 1 |
# | the sum over $s$ gives $\sum_s p(s) \, T(s \to s') = p(s')$, with the reason why | 1 |

# %% [markdown] nbgrader={"grade": true, "grade_id": "balance", "locked": false, "points": 4, "schema_version": 3, "solution": true, "task": false}
# ### BEGIN SOLUTION
# Write $r$ for the other spins. If $s$ and $s'$ differ in $r$, then $T(s \to s') = T(s' \to s) = 0$ and both sides are zero. Otherwise $s = (s_i, r)$ and $s' = (s'_i, r)$ with the same $r$, and $T(s \to s') = p(s'_i \mid r)$: the new spin does not depend on the old one. Since $p(s) = p(s_i \mid r) \, p(r)$, the left side is $p(s_i \mid r) \, p(r) \, p(s'_i \mid r)$. This does not change when $s_i$ and $s'_i$ swap places, so it is the right side too.
#
# Now sum over $s$: $\sum_s p(s) \, T(s \to s') = \sum_s p(s') \, T(s' \to s) = p(s') \sum_s T(s' \to s) = p(s')$, because from $s'$ the update leads somewhere with probability 1.
# ### END SOLUTION

# %% [markdown]
# ## 4. From bits to spins (3 marks, 15 minutes)
#
# A machine of bits $x_i \in \{0, 1\}$ has the energy $-\sum_{i<j} A_{ij} x_i x_j - \sum_i a_i x_i$. Put $x_i = (1 + s_i)/2$, and the same machine is one of spins, up to a constant. Write `to_spins(A, a)`, which gives the three things `J, f, constant` such that the energy of $x$ is $E(s)$ plus the constant. `A` is symmetric with a zero diagonal, and so must `J` be.
#
# :::{dropdown} Hint
# Multiply $x_i x_j = \frac{1}{4}(1 + s_i)(1 + s_j)$ out. A spin collects a quarter from each pair it is in.
# :::

# %% nbgrader={"grade": false, "grade_id": "spins", "locked": false, "schema_version": 3, "solution": true, "task": false}
def to_spins(A, a):
    ### BEGIN SOLUTION
    constant = -A.sum() / 8 - a.sum() / 2
    return A / 4, a / 2 + A.sum(axis=1) / 4, constant
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "spins-test", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# Couplings, fields and constant of the machine of spins.
J, f, constant = to_spins(given([[0, 4], [4, 0]]), given([2, 0]))
assert close(J, [[0, 1], [1, 0]])
assert close(f, [2, 1])
assert close(constant, -2)
print("The example agrees.")
### BEGIN HIDDEN TESTS
import itertools
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 6)
for d in (1, 3, 5):
    A = rng.normal(size=(d, d))
    A = np.triu(A, 1) + np.triu(A, 1).T
    a = rng.normal(size=d)
    J, f, constant = to_spins(A, a)
    J, f, constant = (np.asarray(value, dtype=float) for value in (J, f, constant))
    assert (J.shape, f.shape, constant.shape) == ((d, d), (d,), ()), "an answer has another shape"
    assert close(J, J.T), "J must be symmetric"
    assert close(np.diag(J), np.zeros(d)), "J must have a zero diagonal"
    for bits in itertools.product([0, 1], repeat=d):
        spins = [2 * bit - 1 for bit in bits]
        of_bits = -sum(A[i, j] * bits[i] * bits[j] for i in range(d) for j in range(i)) - a @ bits
        of_spins = -sum(J[i, j] * spins[i] * spins[j] for i in range(d) for j in range(i)) - f @ spins
        assert close(of_spins + constant, of_bits), f"the energies of {d} units differ"
### END HIDDEN TESTS

# %% [markdown]
# ## 5. Spot the error (3 marks, 15 minutes)
#
# The manual of a widely used package printed this for years. *A machine of bits $v$ and $h$ has the energy $E(v, h) = \sum_{ij} w_{ij} v_i h_j + \sum_i b_i v_i + \sum_j c_j h_j$, and the probability $e^{-E(v, h)} / Z$. Its hidden units have the conditional $p(h_j = 1 \mid v) = \operatorname{sigm}(\sum_i w_{ij} v_i + c_j)$.* The formulas do not go together.
#
# **(a)** (2 marks) Take energy and probability as printed. Write `conditional_as_printed(w, b, c, v)`: the conditional $p(h_j = 1 \mid v)$ that really follows from them. The shapes are (visible, hidden), (visible,), (hidden,) and (batch, visible); the answer is (batch, hidden).
#
# **(b)** (1 mark) Keep the printed energy, but change the machine: `repaired(w, b, c)` gives three arrays, to be used in the printed energy in place of `w, b, c`, such that the joint probability becomes that of the machine the authors had in mind.

# %% nbgrader={"grade": false, "grade_id": "printed", "locked": false, "schema_version": 3, "solution": true, "task": false}
def conditional_as_printed(w, b, c, v):
    ### BEGIN SOLUTION
    return 0.5 * (1 - np.tanh((v @ w + c) / 2))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "printed-test", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# (a) The conditional that follows from the printed energy.
w, b, c = given([[1.0, -2.0]]), given([3.0]), given([0.0, 2.0])
answer = conditional_as_printed(w, b, c, given([[1.0], [0.0], [1.0]]))
assert np.shape(answer) == (3, 2)
assert close(answer[0][1], 0.5), "here the energy does not depend on h"
print("The shape and one number agree. Is the rest right?")
### BEGIN HIDDEN TESTS
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 7)
for n_visible, n_hidden in ((1, 3), (4, 2)):
    w, b, c = rng.normal(size=(n_visible, n_hidden)), rng.normal(size=n_visible), rng.normal(size=n_hidden)
    v = rng.choice([0.0, 1.0], size=(5, n_visible))
    expected = np.empty((5, n_hidden))
    for n, j in np.ndindex(expected.shape):
        on = np.exp(-(sum(w[i, j] * v[n, i] for i in range(n_visible)) + c[j]))
        expected[n, j] = on / (on + 1)
    assert close(conditional_as_printed(w, b, c, v), expected), "another conditional follows from the printed energy"
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "repaired", "locked": false, "schema_version": 3, "solution": true, "task": false}
def repaired(w, b, c):
    ### BEGIN SOLUTION
    return -w, -b, -c
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "repaired-test", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# (b) Parameters that make the printed energy the one that was meant.
answer = repaired(given([[1.0, -2.0]]), given([3.0]), given([0.0, 2.0]))
assert [np.shape(part) for part in answer] == [(1, 2), (1,), (2,)]
print("The shapes agree. Are the numbers right?")
### BEGIN HIDDEN TESTS
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 8)
w, b, c = rng.normal(size=(3, 2)), rng.normal(size=3), rng.normal(size=2)
new = [np.asarray(part, dtype=float) for part in repaired(w, b, c)]
assert [part.shape for part in new] == [(3, 2), (3,), (2,)], "an answer has another shape"
for _ in range(20):
    v, h = rng.choice([0.0, 1.0], size=3), rng.choice([0.0, 1.0], size=2)
    meant = -(v @ w @ h + b @ v + c @ h)
    assert close(v @ new[0] @ h + new[1] @ v + new[2] @ h, meant), "not the machine that was meant"
### END HIDDEN TESTS

# %% [markdown]
# ## 6. A small project: a thousand spins, exactly (7 marks, 35 minutes)
#
# A thousand spins have more states than can be listed. But if they stand in a chain, spin $i$ coupled to spin $i + 1$ only, then the sums can be pulled apart, one spin at a time. The energy is $-\sum_i J_i s_i s_{i+1} - \sum_i f_i s_i$, with `J` of shape (n − 1,) and `f` of shape (n,).
#
# **(a)** (4 marks) `chain_log_partition(J, f)`: the exact $\log Z$. One of the marks is for chains of a few thousand spins.
#
# **(b)** (3 marks) `chain_mean(J, f)`: the mean of each spin under $p$, shape (n,), also for long chains.
#
# :::{dropdown} Hint for (a)
# Let $m_i(s_i)$ be the log of the sum over all spins left of $i$. Then $m_{i+1}(s_{i+1}) = \log \sum_{s_i} e^{m_i(s_i) + f_i s_i + J_i s_i s_{i+1}}$: two numbers, passed along the chain.
# :::
#
# :::{dropdown} Hint for (b)
# Pass the two numbers along from the right as well. Spin $i$ hears both.
# :::

# %% nbgrader={"grade": false, "grade_id": "chain", "locked": false, "schema_version": 3, "solution": true, "task": false}
def chain_log_partition(J, f):
    ### BEGIN SOLUTION
    s = np.array([-1.0, 1.0])
    message = np.zeros(2)
    for i in range(len(J)):
        terms = (message + f[i] * s)[:, None] + J[i] * np.outer(s, s)
        message = np.logaddexp(terms[0], terms[1])
    return np.logaddexp(*(message + f[-1] * s))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "chain-test", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# (a) log Z of a short chain.
assert close(chain_log_partition(given([]), given([0])), np.log(2))
two = chain_log_partition(given([1]), given([0, 0]))
assert close(two, np.log(4 * np.cosh(1)))
print("The examples agree.")
### BEGIN HIDDEN TESTS
import itertools
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 9)
for n in (1, 2, 5, 8):
    J, f = rng.normal(size=n - 1), rng.normal(size=n)
    total = sum(
        np.exp(sum(J[i] * s[i] * s[i + 1] for i in range(n - 1)) + sum(f[i] * s[i] for i in range(n)))
        for s in itertools.product([-1, 1], repeat=n)
    )
    assert close(chain_log_partition(J, f), np.log(total)), f"log Z of a chain of {n} spins is wrong"
### END HIDDEN TESTS

# %% nbgrader={"grade": true, "grade_id": "chain-long-test", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# (a) log Z of a chain of thousands.
answer = chain_log_partition(np.full(1999, 0.3), np.zeros(2000))
assert close(answer, 2000 * np.log(2) + 1999 * np.log(np.cosh(0.3)))
print("The example agrees.")
### BEGIN HIDDEN TESTS
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 10)
J = 2 * rng.normal(size=2999)
expected = 3000 * np.log(2) + np.log(np.cosh(J)).sum()
assert close(chain_log_partition(J, np.zeros(3000)), expected), "log Z of 3000 spins is wrong"
f = 2 * rng.normal(size=3000)
f[0], f[-1] = 80, -90
expected = 3000 * np.log(2) + np.log(np.cosh(f)).sum()
assert close(chain_log_partition(np.zeros(2999), f), expected), "log Z of 3000 spins is wrong"
J, f = np.zeros(399), np.zeros(400)
J[200], f[200:202] = rng.uniform(1, 2), rng.uniform(1, 2, size=2)
weights = [J[200] * s * t + f[200] * s + f[201] * t for s in (-1, 1) for t in (-1, 1)]
expected = 398 * np.log(2) + np.logaddexp.reduce(weights)
assert close(chain_log_partition(J, f), expected), "log Z of 400 spins is wrong"
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "mean", "locked": false, "schema_version": 3, "solution": true, "task": false}
def chain_mean(J, f):
    ### BEGIN SOLUTION
    s = np.array([-1.0, 1.0])
    left, right = np.zeros((2, len(f), 2))
    for i in range(len(J)):
        terms = (left[i] + f[i] * s)[:, None] + J[i] * np.outer(s, s)
        left[i + 1] = np.logaddexp(terms[0], terms[1])
    for i in reversed(range(len(J))):
        terms = (right[i + 1] + f[i + 1] * s)[:, None] + J[i] * np.outer(s, s)
        right[i] = np.logaddexp(terms[0], terms[1])
    down, up = (left + right + np.outer(f, s)).T
    return np.tanh((up - down) / 2)
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "mean-test", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
# (b) The mean of each spin, in short and in long chains.
assert close(chain_mean(given([]), given([0.5])), [np.tanh(0.5)])
answer = chain_mean(np.full(999, 2.0), np.eye(1000)[0])
assert close(answer, np.tanh(1) * np.tanh(2) ** np.arange(1000))
print("The examples agree.")
### BEGIN HIDDEN TESTS
import itertools
import os

rng = np.random.default_rng(int(os.environ.get("GRADING_SEED", 0)) + 11)
for n in (1, 2, 5, 8):
    J, f = rng.normal(size=n - 1), rng.normal(size=n)
    states = list(itertools.product([-1, 1], repeat=n))
    weights = [
        np.exp(sum(J[i] * s[i] * s[i + 1] for i in range(n - 1)) + sum(f[i] * s[i] for i in range(n)))
        for s in states
    ]
    expected = [sum(weight * s[i] for weight, s in zip(weights, states)) / sum(weights) for i in range(n)]
    assert close(chain_mean(J, f), expected), f"the means of a chain of {n} spins are wrong"
J, f = rng.normal(size=1499), np.zeros(1500)
f[-1] = -1
expected = [-np.tanh(1) * np.prod(np.tanh(J[i:])) for i in range(1500)]
assert close(chain_mean(J, f), expected), "the means of a long chain are wrong"
### END HIDDEN TESTS
