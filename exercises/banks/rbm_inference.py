# Answers to exercises/rbm_inference.py: the name of the solution cell, right or wrong, what it is,
# and the tests it fails if those are not all that follow the cell.

# %% up | right | loops
import math

def prob_up(W, b, x):
    result = np.zeros((len(x), len(b)))
    for n in range(len(x)):
        for j in range(len(b)):
            t = 2 * (b[j] + sum(W[j, i] * x[n, i] for i in range(x.shape[1])))
            result[n, j] = 1 / (1 + math.exp(-t)) if t > 0 else math.exp(t) / (1 + math.exp(t))
    return result

# %% up | right | torch
import torch

def prob_up(W, b, x):
    W, b, x = (torch.tensor(a) for a in (W, b, x))
    return torch.sigmoid(2 * torch.nn.functional.linear(x, W, b))

# %% up | right | scipy, float32
from scipy.special import expit

def prob_up(W, b, x):
    return expit(np.float32(2) * (np.einsum("ji,ni->nj", np.float32(W), np.float32(x)) + np.float32(b)))

# %% up | wrong | as for bits
def prob_up(W, b, x):
    return 0.5 * (1 + np.tanh((b + x @ W.T) / 2))

# %% up | wrong | overflow
def prob_up(W, b, x):
    a = b + x @ W.T
    return np.exp(a) / (np.exp(a) + np.exp(-a))

# %% up | wrong | sign
def prob_up(W, b, x):
    return 0.5 * (1 - np.tanh(b + x @ W.T))

# %% up | wrong | no bias
def prob_up(W, b, x):
    return 0.5 * (1 + np.tanh(x @ W.T))

# %% up | wrong | W transposed
def prob_up(W, b, x):
    return 0.5 * (1 + np.tanh(b + x @ W))

# %% up | wrong | the mean of the spin
def prob_up(W, b, x):
    return np.tanh(b + x @ W.T)

# %% up | wrong | the bias not doubled
def prob_up(W, b, x):
    return 0.5 * (1 + np.tanh((b + 2 * x @ W.T) / 2))

# %% factors | right | by hand
def log_factors(W, b, x):
    a = np.abs(b + x @ W.T)
    return a + np.log1p(np.exp(-2 * a))

# %% factors | right | torch
import torch

def log_factors(W, b, x):
    a = torch.tensor(b) + torch.tensor(x) @ torch.tensor(W).T
    return torch.logsumexp(torch.stack([a, -a]), 0)

# %% factors | right | loops
def log_factors(W, b, x):
    return [[np.logaddexp(b[j] + W[j] @ row, -b[j] - W[j] @ row) for j in range(len(b))] for row in x]

# %% factors | wrong | softplus, as for bits
def log_factors(W, b, x):
    return np.logaddexp(0, b + x @ W.T)

# %% factors | wrong | overflow
def log_factors(W, b, x):
    return np.log(2 * np.cosh(b + x @ W.T))

# %% factors | wrong | without the 2
def log_factors(W, b, x):
    a = b + x @ W.T
    return np.logaddexp(a, -a) - np.log(2)

# %% factors | wrong | the factors themselves
def log_factors(W, b, x):
    a = b + x @ W.T
    return np.exp(a) + np.exp(-a)

# %% free | right | loops
import itertools

def free_energy(W, b, c, x):
    result = []
    for row in x:
        logs = [np.dot(h, W @ row + b) for h in itertools.product([-1, 1], repeat=len(b))]
        result.append(-c @ row - np.logaddexp.reduce(logs))
    return np.array(result)

# %% free | right | torch
import torch

def free_energy(W, b, c, x):
    W, b, c, x = (torch.tensor(a) for a in (W, b, c, x))
    a = b + x @ W.T
    return -(x @ c) - (a + torch.nn.functional.softplus(-2 * a)).sum(-1)

# %% free | right | float32, cosh
def free_energy(W, b, c, x):
    W, b, c, x = (a.astype("float32") for a in (W, b, c, x))
    return -x @ c - np.log(2 * np.cosh(x @ W.T + b)).sum(-1)

# %% free | wrong | softplus
def free_energy(W, b, c, x):
    return -(x @ c) - np.logaddexp(0, b + x @ W.T).sum(axis=1)

# %% free | wrong | sign
def free_energy(W, b, c, x):
    a = b + x @ W.T
    return x @ c + np.logaddexp(a, -a).sum(axis=1)

# %% free | wrong | visible bias left out
def free_energy(W, b, c, x):
    a = b + x @ W.T
    return -np.logaddexp(a, -a).sum(axis=1)

# %% free | wrong | hidden bias left out
def free_energy(W, b, c, x):
    a = x @ W.T
    return -(x @ c) - np.logaddexp(a, -a).sum(axis=1)

# %% free | wrong | mean for sum
def free_energy(W, b, c, x):
    a = b + x @ W.T
    return -(x @ c) - np.logaddexp(a, -a).mean(axis=1)

# %% free | wrong | the bias's sign
def free_energy(W, b, c, x):
    a = b + x @ W.T
    return x @ c - np.logaddexp(a, -a).sum(axis=1)

# %% three | right | ratio, two cases
def mean_of_three(W, b, x):
    a = b + x @ W.T
    t = np.exp(-np.abs(a))
    small = (t + 2 * t**2) / (1 + t + t**2)
    return np.where(a > 0, 2 - small, small)

# %% three | right | torch
import torch

def mean_of_three(W, b, x):
    a = torch.tensor(b) + torch.tensor(x) @ torch.tensor(W).T
    p = torch.softmax(torch.stack([0 * a, a, 2 * a], -1), -1)
    return p @ torch.tensor([0.0, 1.0, 2.0], dtype=p.dtype)

# %% three | right | loops
import math

def mean_of_three(W, b, x):
    result = []
    for row in x:
        line = []
        for j in range(len(b)):
            a = b[j] + sum(W[j, i] * row[i] for i in range(len(row)))
            top = max(0, 2 * a)
            p = [math.exp(v * a - top) for v in (0, 1, 2)]
            line.append((p[1] + 2 * p[2]) / sum(p))
        result.append(line)
    return result

# %% three | wrong | overflow
def mean_of_three(W, b, x):
    a = b + x @ W.T
    return (np.exp(a) + 2 * np.exp(2 * a)) / (1 + np.exp(a) + np.exp(2 * a))

# %% three | wrong | two coins, as if the middle state came twice
def mean_of_three(W, b, x):
    return 1 + np.tanh((b + x @ W.T) / 2)

# %% three | wrong | not normalised by all
def mean_of_three(W, b, x):
    a = np.clip(b + x @ W.T, -300, 300)
    return (np.exp(a) + 2 * np.exp(2 * a)) / (np.exp(a) + np.exp(2 * a))

# %% three | wrong | the most probable value
def mean_of_three(W, b, x):
    return np.where(b + x @ W.T > 0, 2.0, 0.0)

# %% three | wrong | the probability of 2
def mean_of_three(W, b, x):
    t = np.exp(-np.abs(a := b + x @ W.T))
    return np.where(a > 0, 1, t**2) / (1 + t + t**2)

# %% three | wrong | the factor 2 missing
def mean_of_three(W, b, x):
    t = np.exp(-np.abs(a := b + x @ W.T))
    return np.where(a > 0, t + 1, t + t**2) / (1 + t + t**2)

# %% three | wrong | sign
def mean_of_three(W, b, x):
    a = -(b + x @ W.T)
    t = np.exp(-np.abs(a))
    small = (t + 2 * t**2) / (1 + t + t**2)
    return np.where(a > 0, 2 - small, small)

# %% code | right | loops
def energy_of_code(W, b, c, x, h):
    return [-(h[n] @ W @ x[n]) - b @ h[n] - c @ x[n] for n in range(len(x))]

# %% code | right | torch
import torch

def energy_of_code(W, b, c, x, h):
    W, b, c, x, h = (torch.tensor(a) for a in (W, b, c, x, h))
    return -torch.einsum("nj,ji,ni->n", h, W, x) - torch.einsum("nj,j->n", h, b) - torch.einsum("ni,i->n", x, c)

# %% code | right | float32
def energy_of_code(W, b, c, x, h):
    W, b, c, x, h = (np.float32(a) for a in (W, b, c, x, h))
    return -np.sum(h * (x @ W.T + b), axis=-1) - np.sum(x * c, axis=-1)

# %% code | wrong | the printed energy
def energy_of_code(W, b, c, x, h):
    return -((h @ W) * x).sum(axis=1) - x @ b - h @ c

# %% code | wrong | W transposed
def energy_of_code(W, b, c, x, h):
    return -((x @ W) * h).sum(axis=1) - h @ b - x @ c

# %% code | wrong | sign
def energy_of_code(W, b, c, x, h):
    return ((h @ W) * x).sum(axis=1) + h @ b + x @ c

# %% code | wrong | one number
def energy_of_code(W, b, c, x, h):
    return (-((h @ W) * x).sum(axis=1) - h @ b - x @ c).sum()

# %% odds | right | from both log-odds
def log_odds_error(W, b, c, x):
    code, printed = x @ W.T + b, x @ W.T + c
    return code - printed

# %% odds | right | torch
import torch

def log_odds_error(W, b, c, x):
    return (torch.tensor(b) - torch.tensor(c)).expand(len(x), -1)

# %% odds | right | loops
def log_odds_error(W, b, c, x):
    return [[b[j] - c[j] for j in range(len(b))] for _ in x]

# %% odds | wrong | printed minus code
def log_odds_error(W, b, c, x):
    return np.tile(c - b, (len(x), 1))

# %% odds | wrong | one row
def log_odds_error(W, b, c, x):
    return b - c

# %% odds | wrong | nothing
def log_odds_error(W, b, c, x):
    return np.zeros((len(x), len(b)))

# %% odds | wrong | of probabilities
def log_odds_error(W, b, c, x):
    a = x @ W.T
    return 1 / (1 + np.exp(-a - b)) - 1 / (1 + np.exp(-a - c))

# %% weight | right | torch
import itertools
import torch

def log_weight(W, b, c, x, known):
    W, b, c = (torch.tensor(a) for a in (W, b, c))
    choices = [[x[i]] if known[i] else [-1.0, 1.0] for i in range(len(x))]
    images = torch.tensor(list(itertools.product(*choices)), dtype=W.dtype)
    a = images @ W.T + b
    return torch.logsumexp(images @ c + torch.logaddexp(a, -a).sum(1), 0)

# %% weight | right | one image at a time
import itertools

def log_weight(W, b, c, x, known):
    logs = []
    for image in itertools.product([-1, 1], repeat=len(x)):
        if all(image[i] == x[i] or not known[i] for i in range(len(x))):
            a = b + W @ np.array(image)
            logs.append(c @ np.array(image) + sum(np.logaddexp(t, -t) for t in a))
    return np.logaddexp.reduce(logs)

# %% weight | right | recursion
def log_weight(W, b, c, x, known):
    for i in range(len(x)):
        if not known[i]:
            done = np.where(np.arange(len(x)) == i, 1, known)
            up, down = np.array(x), np.array(x)
            up[i], down[i] = 1, -1
            return np.logaddexp(log_weight(W, b, c, up, done), log_weight(W, b, c, down, done))
    a = b + W @ x
    return c @ x + np.logaddexp(a, -a).sum()

# %% weight | wrong | bits
import itertools

def log_weight(W, b, c, x, known):
    choices = [[x[i]] if known[i] else [0.0, 1.0] for i in range(len(x))]
    images = np.array(list(itertools.product(*choices)))
    a = images @ W.T + b
    return np.logaddexp.reduce(images @ c + np.logaddexp(a, -a).sum(1))

# %% weight | wrong | known and lost swapped
import itertools

def log_weight(W, b, c, x, known):
    choices = [[-1.0, 1.0] if known[i] else [x[i]] for i in range(len(x))]
    images = np.array(list(itertools.product(*choices)))
    a = images @ W.T + b
    return np.logaddexp.reduce(images @ c + np.logaddexp(a, -a).sum(1))

# %% weight | wrong | what x holds at lost pixels
def log_weight(W, b, c, x, known):
    a = b + W @ x
    return c @ x + np.logaddexp(a, -a).sum()

# %% weight | wrong | the sign of F
import itertools

def log_weight(W, b, c, x, known):
    choices = [[x[i]] if known[i] else [-1.0, 1.0] for i in range(len(x))]
    images = np.array(list(itertools.product(*choices)))
    a = images @ W.T + b
    return np.logaddexp.reduce(-(images @ c + np.logaddexp(a, -a).sum(1)))

# %% weight | wrong | mean for sum
import itertools

def log_weight(W, b, c, x, known):
    choices = [[x[i]] if known[i] else [-1.0, 1.0] for i in range(len(x))]
    images = np.array(list(itertools.product(*choices)))
    a = images @ W.T + b
    return np.log(np.exp(images @ c + np.logaddexp(a, -a).sum(1)).mean())

# %% weight | wrong | free energies as for bits
import itertools

def log_weight(W, b, c, x, known):
    choices = [[x[i]] if known[i] else [-1.0, 1.0] for i in range(len(x))]
    images = np.array(list(itertools.product(*choices)))
    return np.logaddexp.reduce(images @ c + np.logaddexp(0, images @ W.T + b).sum(1))

# %% fill | right | torch
import itertools
import torch

def fill_in(W, b, c, x, known):
    W, b, c = (torch.tensor(a) for a in (W, b, c))
    choices = [[x[i]] if known[i] else [-1.0, 1.0] for i in range(len(x))]
    images = torch.tensor(list(itertools.product(*choices)), dtype=W.dtype)
    a = images @ W.T + b
    p = torch.softmax(images @ c + torch.logaddexp(a, -a).sum(1), 0)
    return p @ (images + 1) / 2

# %% fill | right | two weights for each pixel
import itertools

def fill_in(W, b, c, x, known):
    def weight(i, value):
        logs = [-np.inf]
        for image in itertools.product([-1.0, 1.0], repeat=len(x)):
            image = np.array(image)
            if image[i] == value and all(image[n] == x[n] for n in range(len(x)) if known[n]):
                a = b + W @ image
                logs.append(c @ image + np.logaddexp(a, -a).sum())
        return np.logaddexp.reduce(logs)
    result = []
    for i in range(len(x)):
        if known[i]:
            result.append(float(x[i] > 0))
        else:
            result.append(np.exp(-np.logaddexp(0, weight(i, -1) - weight(i, 1))))
    return result

# %% fill | right | all images, the others ruled out
import itertools

def fill_in(W, b, c, x, known):
    images = np.array(list(itertools.product([-1.0, 1.0], repeat=len(x))))
    a = b + images @ W.T
    logs = images @ c + np.logaddexp(a, -a).sum(1)
    logs[((images != x) & (known > 0)).any(1)] = -np.inf
    p = np.exp(logs - logs.max())
    return (p / p.sum()) @ (images > 0).astype(np.float32)

# %% fill | wrong | one step of mean field
def fill_in(W, b, c, x, known):
    h = np.tanh(b + W @ (x * known))
    return np.where(known > 0, (1 + x) / 2, 0.5 * (1 + np.tanh(c + h @ W)))

# %% fill | wrong | overflow
import itertools

def fill_in(W, b, c, x, known):
    choices = [[x[i]] if known[i] else [-1.0, 1.0] for i in range(len(x))]
    images = np.array(list(itertools.product(*choices)))
    p = np.exp(images @ c) * (2 * np.cosh(images @ W.T + b)).prod(1)
    return p @ (images > 0) / p.sum()

# %% fill | wrong | the most probable image
import itertools

def fill_in(W, b, c, x, known):
    choices = [[x[i]] if known[i] else [-1.0, 1.0] for i in range(len(x))]
    images = np.array(list(itertools.product(*choices)))
    a = images @ W.T + b
    best = images[(images @ c + np.logaddexp(a, -a).sum(1)).argmax()]
    return (1 + best) / 2

# %% fill | wrong | the means of the spins
import itertools

def fill_in(W, b, c, x, known):
    choices = [[x[i]] if known[i] else [-1.0, 1.0] for i in range(len(x))]
    images = np.array(list(itertools.product(*choices)))
    a = images @ W.T + b
    logs = images @ c + np.logaddexp(a, -a).sum(1)
    p = np.exp(logs - logs.max())
    return p @ images / p.sum()

# %% fill | wrong | known pixels ignored
import itertools

def fill_in(W, b, c, x, known):
    images = np.array(list(itertools.product([-1.0, 1.0], repeat=len(x))))
    a = images @ W.T + b
    logs = images @ c + np.logaddexp(a, -a).sum(1)
    p = np.exp(logs - logs.max())
    return p @ (images > 0) / p.sum()

# %% fill | wrong | visible bias forgotten
import itertools

def fill_in(W, b, c, x, known):
    choices = [[x[i]] if known[i] else [-1.0, 1.0] for i in range(len(x))]
    images = np.array(list(itertools.product(*choices)))
    a = images @ W.T + b
    logs = np.logaddexp(a, -a).sum(1)
    p = np.exp(logs - logs.max())
    return p @ (images > 0) / p.sum()
