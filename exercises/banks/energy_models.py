# Answers to exercises/energy_models.py: the name of the solution cell, right or wrong, what it is,
# and the tests it fails if those are not all that follow the cell.

# %% energy | right | loops
def ising_energy(J, f, s):
    result = []
    for row in s:
        total = 0.0
        for i in range(len(f)):
            total -= f[i] * row[i]
            for j in range(i + 1, len(f)):
                total -= J[i, j] * row[i] * row[j]
        result.append(total)
    return result

# %% energy | right | torch
import torch

def ising_energy(J, f, s):
    J, f, s = torch.tensor(J), torch.tensor(f), torch.tensor(s)
    return -(s @ torch.triu(J) * s).sum(-1) - s @ f

# %% energy | right | float32
def ising_energy(J, f, s):
    J, f, s = (np.asarray(a, dtype=np.float32) for a in (J, f, s))
    return -((s @ J) * s).sum(1) / 2 - (s * f).sum(1)

# %% energy | right | a helper in another order
ising_energy = lambda J, f, s: np.array([energy_of(J, f, row) for row in s])
def energy_of(J, f, row):
    return -row @ np.triu(J) @ row - row @ f

# %% energy | wrong | each pair twice
def ising_energy(J, f, s):
    return -np.einsum("ni,ij,nj->n", s, J, s) - s @ f

# %% energy | wrong | sign
def ising_energy(J, f, s):
    return 0.5 * np.einsum("ni,ij,nj->n", s, J, s) + s @ f

# %% energy | wrong | field left out
def ising_energy(J, f, s):
    return -0.5 * np.einsum("ni,ij,nj->n", s, J, s)

# %% energy | wrong | sign of the field
def ising_energy(J, f, s):
    return -0.5 * np.einsum("ni,ij,nj->n", s, J, s) + s @ f

# %% energy | wrong | one number for all rows
def ising_energy(J, f, s):
    return (-0.5 * np.einsum("ni,ij,nj->n", s, J, s) - s @ f).mean()

# %% energy | wrong | shape (batch, 1)
def ising_energy(J, f, s):
    return (-0.5 * np.einsum("ni,ij,nj->n", s, J, s) - s @ f)[:, None]

# %% energy | wrong | answers of the examples
def ising_energy(J, f, s):
    return [-2.5, -0.5, 0.5]

# %% energy | wrong | three spins only
def ising_energy(J, f, s):
    pairs = J[0, 1] * s[:, 0] * s[:, 1] + J[0, 2] * s[:, 0] * s[:, 2] + J[1, 2] * s[:, 1] * s[:, 2]
    return -pairs - s @ f

# %% energy | wrong | changes what it is given
def ising_energy(J, f, s):
    J *= 0.5
    return -np.einsum("ni,ij,nj->n", s, J, s) - s @ f

# %% partition | right | loops
def log_partition(J, f):
    import itertools
    import math
    exponents = []
    for s in itertools.product([-1, 1], repeat=len(f)):
        a = sum(f[i] * s[i] for i in range(len(s)))
        for i in range(len(s)):
            for j in range(i):
                a += J[i, j] * s[i] * s[j]
        exponents.append(a)
    m = max(exponents)
    return m + math.log(sum(math.exp(a - m) for a in exponents))

# %% partition | right | torch
import torch

def log_partition(J, f):
    J, f = torch.tensor(J), torch.tensor(f)
    s = torch.cartesian_prod(*[torch.tensor([-1.0, 1.0], dtype=J.dtype)] * len(f)).reshape(-1, len(f))
    return torch.logsumexp((s @ J * s).sum(1) / 2 + s @ f, 0)

# %% partition | right | scipy, bits counted, float32
from scipy.special import logsumexp

def log_partition(J, f):
    d = len(f)
    s = (2.0 * ((np.arange(2**d)[:, None] >> np.arange(d)) & 1) - 1).astype(np.float32)
    return logsumexp((s @ np.float32(J) * s).sum(1) / 2 + s @ np.float32(f))

# %% partition | wrong | not stable | partition-stable-test
def log_partition(J, f):
    import itertools
    s = np.array(list(itertools.product([-1.0, 1.0], repeat=len(f))))
    return np.log(np.exp(0.5 * np.einsum("ni,ij,nj->n", s, J, s) + s @ f).sum())

# %% partition | wrong | bits
def log_partition(J, f):
    import itertools
    s = np.array(list(itertools.product([0.0, 1.0], repeat=len(f))))
    a = 0.5 * np.einsum("ni,ij,nj->n", s, J, s) + s @ f
    return a.max() + np.log(np.exp(a - a.max()).sum())

# %% partition | wrong | mean for sum | partition-test, partition-stable-test
def log_partition(J, f):
    import itertools
    s = np.array(list(itertools.product([-1.0, 1.0], repeat=len(f))))
    a = 0.5 * np.einsum("ni,ij,nj->n", s, J, s) + s @ f
    return a.max() + np.log(np.exp(a - a.max()).mean())

# %% partition | wrong | Z itself
def log_partition(J, f):
    import itertools
    s = np.array(list(itertools.product([-1.0, 1.0], repeat=len(f))))
    return np.exp(0.5 * np.einsum("ni,ij,nj->n", s, J, s) + s @ f).sum()

# %% partition | wrong | minus log Z
def log_partition(J, f):
    import itertools
    s = np.array(list(itertools.product([-1.0, 1.0], repeat=len(f))))
    a = 0.5 * np.einsum("ni,ij,nj->n", s, J, s) + s @ f
    return -(a.max() + np.log(np.exp(a - a.max()).sum()))

# %% partition | wrong | pairs twice
def log_partition(J, f):
    import itertools
    s = np.array(list(itertools.product([-1.0, 1.0], repeat=len(f))))
    a = np.einsum("ni,ij,nj->n", s, J, s) + s @ f
    return a.max() + np.log(np.exp(a - a.max()).sum())

# %% partition | wrong | the largest exponent only | partition-test
def log_partition(J, f):
    import itertools
    s = np.array(list(itertools.product([-1.0, 1.0], repeat=len(f))))
    a = 0.5 * np.einsum("ni,ij,nj->n", s, J, s) + s @ f
    return a.max() + np.log((a == a.max()).sum())

# %% drop | right | two energies
def energy_drop(J, f, s, i):
    def energy(t):
        return -(t @ J * t).sum(1) / 2 - t @ f
    up, down = s.copy(), s.copy()
    up[:, i], down[:, i] = 1, -1
    return energy(down) - energy(up)

# %% drop | right | loops
def energy_drop(J, f, s, i):
    return [2 * f[i] + sum(2 * J[i, n] * row[n] for n in range(len(f)) if n != i) for row in s]

# %% drop | right | torch
import torch

def energy_drop(J, f, s, i):
    J, f, s = torch.tensor(J), torch.tensor(f), torch.tensor(s)
    return 2 * f[i] + 2 * torch.mv(s, J[:, i])

# %% drop | wrong | no factor 2
def energy_drop(J, f, s, i):
    return f[i] + s @ J[i]

# %% drop | wrong | sign
def energy_drop(J, f, s, i):
    return -2 * (f[i] + s @ J[i])

# %% drop | wrong | from the present state
def energy_drop(J, f, s, i):
    return 2 * s[:, i] * (f[i] + s @ J[i])

# %% drop | wrong | no field
def energy_drop(J, f, s, i):
    return 2 * (s @ J[i])

# %% drop | wrong | factor 2 on the couplings only
def energy_drop(J, f, s, i):
    return f[i] + 2 * (s @ J[i])

# %% up | right | scipy
from scipy.special import expit

def prob_up(J, f, s, i):
    return expit(2 * (f[i] + s @ J[i]))

# %% up | right | torch
import torch

def prob_up(J, f, s, i):
    return torch.sigmoid(2 * (torch.tensor(f)[i] + torch.tensor(s) @ torch.tensor(J)[i]))

# %% up | right | two cases
import math

def prob_up(J, f, s, i):
    result = []
    for row in s:
        t = 2 * (f[i] + sum(J[i, n] * row[n] for n in range(len(row))))
        result.append(1 / (1 + math.exp(-t)) if t > 0 else math.exp(t) / (1 + math.exp(t)))
    return np.array(result, dtype=np.float32)

# %% up | wrong | no factor 2
def prob_up(J, f, s, i):
    return 0.5 * (1 + np.tanh((f[i] + s @ J[i]) / 2))

# %% up | wrong | the probability of down
def prob_up(J, f, s, i):
    return 0.5 * (1 - np.tanh(f[i] + s @ J[i]))

# %% up | wrong | overflow where it should divide
def prob_up(J, f, s, i):
    a = f[i] + s @ J[i]
    return np.exp(a) / (np.exp(a) + np.exp(-a))

# %% up | wrong | tanh, a mean and no probability
def prob_up(J, f, s, i):
    return np.tanh(f[i] + s @ J[i])

# %% up | wrong | row i of s
def prob_up(J, f, s, i):
    return 0.5 * (1 + np.tanh(f[i] + J @ s[0]))

# %% sweep | right | row by row
import math

def gibbs_sweep(J, f, s, u):
    result = [list(row) for row in s]
    for row, uniform in zip(result, u):
        for i in range(len(row)):
            a = f[i] + sum(J[i, n] * row[n] for n in range(len(row)))
            row[i] = 1 if uniform[i] < 1 / (1 + math.exp(-2 * a)) else -1
    return result

# %% sweep | right | torch
import torch

def gibbs_sweep(J, f, s, u):
    J, f, s, u = (torch.tensor(a) for a in (J, f, s, u))
    for i in range(len(f)):
        up = u[:, i] < torch.sigmoid(2 * (f[i] + s @ J[i]))
        s[:, i] = 2 * up.double() - 1
    return s

# %% sweep | right | integers
def gibbs_sweep(J, f, s, u):
    s = s.astype(int)
    for i in range(s.shape[1]):
        s[:, i] = 2 * (u[:, i] < 1 / (1 + np.exp(-2 * (f[i] + s @ J[i])))) - 1
    return s

# %% sweep | wrong | all spins at once
def gibbs_sweep(J, f, s, u):
    return np.where(u < 0.5 * (1 + np.tanh(f + s @ J)), 1.0, -1.0)

# %% sweep | wrong | changes what it is given
def gibbs_sweep(J, f, s, u):
    for i in range(len(f)):
        s[:, i] = np.where(u[:, i] < 0.5 * (1 + np.tanh(f[i] + s @ J[i])), 1.0, -1.0)
    return s

# %% sweep | wrong | the wrong way round
def gibbs_sweep(J, f, s, u):
    s = s.copy()
    for i in range(len(f)):
        s[:, i] = np.where(u[:, i] < 0.5 * (1 + np.tanh(f[i] + s @ J[i])), -1.0, 1.0)
    return s

# %% sweep | wrong | from last to first
def gibbs_sweep(J, f, s, u):
    s = s.copy()
    for i in reversed(range(len(f))):
        s[:, i] = np.where(u[:, i] < 0.5 * (1 + np.tanh(f[i] + s @ J[i])), 1.0, -1.0)
    return s

# %% sweep | wrong | bits
def gibbs_sweep(J, f, s, u):
    s = s.copy()
    for i in range(len(f)):
        s[:, i] = u[:, i] < 0.5 * (1 + np.tanh(f[i] + s @ J[i]))
    return s

# %% sweep | wrong | random numbers of its own
def gibbs_sweep(J, f, s, u):
    s = s.copy()
    u = np.random.default_rng(0).random(s.shape)
    for i in range(len(f)):
        s[:, i] = np.where(u[:, i] < 0.5 * (1 + np.tanh(f[i] + s @ J[i])), 1.0, -1.0)
    return s

# %% spins | right | loops
def to_spins(A, a):
    d = len(a)
    J, f, constant = np.zeros((d, d)), np.zeros(d), 0.0
    for i in range(d):
        f[i] += a[i] / 2
        constant -= a[i] / 2
        for j in range(i):
            J[i, j] = J[j, i] = A[i, j] / 4
            f[i] += A[i, j] / 4
            f[j] += A[i, j] / 4
            constant -= A[i, j] / 4
    return J, f, constant

# %% spins | right | torch
import torch

def to_spins(A, a):
    A, a = torch.tensor(A), torch.tensor(a)
    return A / 4, a / 2 + A.sum(0) / 4, -torch.triu(A).sum() / 4 - a.sum() / 2

# %% spins | right | the constant from the energy of all spins down
def to_spins(A, a):
    J, f = np.float32(A) / 4, np.float32(a) / 2 + np.float32(A).mean(1) * len(a) / 4
    down = -np.ones(len(a))
    return [J, f, 0.5 * down @ J @ down + f @ down]

# %% spins | wrong | J over 2
def to_spins(A, a):
    return A / 2, a / 2 + A.sum(1) / 4, -A.sum() / 8 - a.sum() / 2

# %% spins | wrong | fields of the pairs left out
def to_spins(A, a):
    return A / 4, a / 2, -A.sum() / 8 - a.sum() / 2

# %% spins | wrong | constant with each pair twice
def to_spins(A, a):
    return A / 4, a / 2 + A.sum(1) / 4, -A.sum() / 4 - a.sum() / 2

# %% spins | wrong | sign of the constant
def to_spins(A, a):
    return A / 4, a / 2 + A.sum(1) / 4, A.sum() / 8 + a.sum() / 2

# %% spins | wrong | constant left out
def to_spins(A, a):
    return A / 4, a / 2 + A.sum(1) / 4, 0.0

# %% spins | wrong | J above the diagonal only
def to_spins(A, a):
    return np.triu(A) / 2, a / 2 + A.sum(1) / 4, -A.sum() / 8 - a.sum() / 2

# %% spins | wrong | fields not halved
def to_spins(A, a):
    return A / 4, a + A.sum(1) / 4, -A.sum() / 8 - a.sum() / 2

# %% printed | right | exponentials
def conditional_as_printed(w, b, c, v):
    return 1 / (1 + np.exp(v @ w + c))

# %% printed | right | loops
import math

def conditional_as_printed(w, b, c, v):
    return [[math.exp(-c[j] - sum(row[i] * w[i, j] for i in range(len(row))))
             / (1 + math.exp(-c[j] - sum(row[i] * w[i, j] for i in range(len(row)))))
             for j in range(len(c))] for row in v]

# %% printed | right | torch
import torch

def conditional_as_printed(w, b, c, v):
    return torch.sigmoid(-(torch.tensor(v) @ torch.tensor(w) + torch.tensor(c)))

# %% printed | wrong | the conditional that was printed
def conditional_as_printed(w, b, c, v):
    return 1 / (1 + np.exp(-(v @ w + c)))

# %% printed | wrong | sign of the weights only
def conditional_as_printed(w, b, c, v):
    return 1 / (1 + np.exp(v @ w - c))

# %% printed | wrong | no bias
def conditional_as_printed(w, b, c, v):
    return 1 / (1 + np.exp(v @ w))

# %% printed | wrong | not normalised
def conditional_as_printed(w, b, c, v):
    return np.exp(-(v @ w + c))

# %% printed | wrong | one half everywhere
def conditional_as_printed(w, b, c, v):
    return np.full((len(v), len(c)), 0.5)

# %% printed | wrong | the visible bias instead
def conditional_as_printed(w, b, c, v):
    return 1 / (1 + np.exp(v @ w + b.sum()))

# %% repaired | right | in other words
def repaired(w, b, c):
    return [0 - a for a in (w, b, c)]

# %% repaired | right | torch
import torch

def repaired(w, b, c):
    return tuple(torch.tensor(a).neg() for a in (w, b, c))

# %% repaired | right | float32
def repaired(w, b, c):
    return (np.float32(w) * -1, np.float32(b) * -1, np.float32(c) * -1)

# %% repaired | wrong | weights only
def repaired(w, b, c):
    return -w, b, c

# %% repaired | wrong | unchanged
def repaired(w, b, c):
    return w, b, c

# %% repaired | wrong | biases swapped
def repaired(w, b, c):
    return -w, -c, -b

# %% repaired | wrong | nothing left
def repaired(w, b, c):
    return 0 * w, 0 * b, 0 * c

# %% chain | right | products, scaled as they grow
def chain_log_partition(J, f):
    vector, log_scale = np.ones(2), 0.0
    spins = np.array([-1.0, 1.0])
    for i in range(len(J)):
        step = np.outer(spins, spins) * J[i] + (f[i] * spins)[:, None]
        top = step.max()
        vector = vector @ np.exp(step - top)
        log_scale += top + np.log(vector.sum())
        vector = vector / vector.sum()
    return log_scale + np.log((vector * np.exp(f[-1] * spins - abs(f[-1]))).sum()) + abs(f[-1])

# %% chain | right | plain Python, from the right
import math

def chain_log_partition(J, f):
    def add(a, b):
        return max(a, b) + math.log1p(math.exp(-abs(a - b)))
    down, up = -float(f[-1]), float(f[-1])
    for coupling, field in zip(J[::-1], f[-2::-1]):
        down, up = (add(coupling + down, -coupling + up) - field,
                    add(-coupling + down, coupling + up) + field)
    return add(down, up)

# %% chain | right | torch
import torch

def chain_log_partition(J, f):
    J, f = torch.tensor(J), torch.tensor(f)
    s = torch.tensor([-1.0, 1.0], dtype=f.dtype)
    message = f[0] * s
    for i in range(len(J)):
        message = torch.logsumexp(message[:, None] + J[i] * torch.outer(s, s), 0) + f[i + 1] * s
    return torch.logsumexp(message, 0)

# %% chain | wrong | all states listed | chain-long-test
def chain_log_partition(J, f):
    import itertools
    s = np.array(list(itertools.product([-1.0, 1.0], repeat=len(f))))
    a = (s[:, :-1] * s[:, 1:]) @ J + s @ f
    return a.max() + np.log(np.exp(a - a.max()).sum())

# %% chain | wrong | overflow in a long chain | chain-long-test
def chain_log_partition(J, f):
    spins = np.array([-1.0, 1.0])
    vector = np.exp(f[0] * spins)
    for i in range(len(J)):
        vector = vector @ np.exp(J[i] * np.outer(spins, spins)) * np.exp(f[i + 1] * spins)
    return np.log(vector.sum())

# %% chain | wrong | the last field left out
def chain_log_partition(J, f):
    s = np.array([-1.0, 1.0])
    message = np.zeros(2)
    for i in range(len(J)):
        terms = (message + f[i] * s)[:, None] + J[i] * np.outer(s, s)
        message = np.logaddexp(terms[0], terms[1])
    return np.logaddexp(*message)

# %% chain | wrong | fields left out
def chain_log_partition(J, f):
    return len(f) * np.log(2) + np.log(np.cosh(J)).sum()

# %% chain | wrong | couplings left out
def chain_log_partition(J, f):
    return np.logaddexp(f, -f).sum()

# %% chain | wrong | one log 2 too few
def chain_log_partition(J, f):
    s = np.array([-1.0, 1.0])
    message = np.zeros(2)
    for i in range(len(J)):
        terms = (message + f[i] * s)[:, None] + J[i] * np.outer(s, s)
        message = np.logaddexp(terms[0], terms[1])
    return np.logaddexp(*(message + f[-1] * s)) - np.log(2)

# %% chain | wrong | max for sum
def chain_log_partition(J, f):
    s = np.array([-1.0, 1.0])
    message = np.zeros(2)
    for i in range(len(J)):
        message = ((message + f[i] * s)[:, None] + J[i] * np.outer(s, s)).max(0)
    return (message + f[-1] * s).max()

# %% mean | right | derivative of log Z
import torch

def chain_mean(J, f):
    J, f = torch.tensor(J), torch.tensor(f, requires_grad=True)
    s = torch.tensor([-1.0, 1.0], dtype=J.dtype)
    message = f[0] * s
    for i in range(len(J)):
        message = torch.logsumexp(message[:, None] + J[i] * torch.outer(s, s), 0) + f[i + 1] * s
    torch.logsumexp(message, 0).backward()
    return f.grad

# %% mean | right | cavity fields
def chain_mean(J, f):
    left, right = np.zeros(len(f)), np.zeros(len(f))
    for i in range(len(J)):
        left[i + 1] = np.arctanh(np.tanh(J[i]) * np.tanh(f[i] + left[i]))
        j = len(J) - 1 - i
        right[j] = np.arctanh(np.tanh(J[j]) * np.tanh(f[j + 1] + right[j + 1]))
    return np.tanh(f + left + right)

# %% mean | right | products, scaled
def chain_mean(J, f):
    spins = np.array([-1.0, 1.0])
    left = [np.ones(2)]
    for i in range(len(J)):
        new = (left[-1] * np.exp(f[i] * spins)) @ np.exp(J[i] * np.outer(spins, spins))
        left.append(new / new.sum())
    right = [np.ones(2)]
    for i in reversed(range(len(J))):
        new = (right[0] * np.exp(f[i + 1] * spins)) @ np.exp(J[i] * np.outer(spins, spins))
        right.insert(0, new / new.sum())
    p = np.array(left) * np.array(right) * np.exp(np.outer(f, spins))
    return (p[:, 1] - p[:, 0]) / p.sum(1)

# %% mean | wrong | from the left only
def chain_mean(J, f):
    s = np.array([-1.0, 1.0])
    left = np.zeros((len(f), 2))
    for i in range(len(J)):
        terms = (left[i] + f[i] * s)[:, None] + J[i] * np.outer(s, s)
        left[i + 1] = np.logaddexp(terms[0], terms[1])
    down, up = (left + np.outer(f, s)).T
    return np.tanh((up - down) / 2)

# %% mean | wrong | neighbours ignored
def chain_mean(J, f):
    return np.tanh(f)

# %% mean | wrong | mean field
def chain_mean(J, f):
    m = np.zeros(len(f))
    for _ in range(200):
        h = f.copy()
        h[:-1] += J * m[1:]
        h[1:] += J * m[:-1]
        m = 0.5 * m + 0.5 * np.tanh(h)
    return m

# %% mean | wrong | own field counted twice
def chain_mean(J, f):
    left, right = np.array(f), np.array(f)
    for i in range(len(J)):
        left[i + 1] += np.arctanh(np.tanh(J[i]) * np.tanh(left[i]))
        j = len(J) - 1 - i
        right[j] += np.arctanh(np.tanh(J[j]) * np.tanh(right[j + 1]))
    return np.tanh(left + right)

# %% mean | wrong | the probability of up
def chain_mean(J, f):
    left, right = np.zeros(len(f)), np.zeros(len(f))
    for i in range(len(J)):
        left[i + 1] = np.arctanh(np.tanh(J[i]) * np.tanh(f[i] + left[i]))
        j = len(J) - 1 - i
        right[j] = np.arctanh(np.tanh(J[j]) * np.tanh(f[j + 1] + right[j + 1]))
    return 0.5 * (1 + np.tanh(f + left + right))

# %% mean | wrong | sign
def chain_mean(J, f):
    left, right = np.zeros(len(f)), np.zeros(len(f))
    for i in range(len(J)):
        left[i + 1] = np.arctanh(np.tanh(J[i]) * np.tanh(f[i] + left[i]))
        j = len(J) - 1 - i
        right[j] = np.arctanh(np.tanh(J[j]) * np.tanh(f[j + 1] + right[j + 1]))
    return -np.tanh(f + left + right)

# %% mean | wrong | overflow in a long chain
def chain_mean(J, f):
    spins = np.array([-1.0, 1.0])
    left, right = np.ones((len(f), 2)), np.ones((len(f), 2))
    for i in range(len(J)):
        left[i + 1] = (left[i] * np.exp(f[i] * spins)) @ np.exp(J[i] * np.outer(spins, spins))
    for i in reversed(range(len(J))):
        right[i] = (right[i + 1] * np.exp(f[i + 1] * spins)) @ np.exp(J[i] * np.outer(spins, spins))
    p = left * right * np.exp(np.outer(f, spins))
    return (p[:, 1] - p[:, 0]) / p.sum(1)
