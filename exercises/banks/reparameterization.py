# Answers to exercises/reparameterization.py: the name of the solution cell, right or wrong, what it is,
# and the tests it fails if those are not all that follow the cell.

# %% logistic | right | a quotient
def logistic(mu, s, u):
    return mu - s * np.log(1 / u - 1)

# %% logistic | right | torch
import torch

def logistic(mu, s, u):
    return torch.tensor(mu) + torch.tensor(s) * torch.logit(torch.tensor(u))

# %% logistic | right | float32, scipy
from scipy.special import logit

def logistic(mu, s, u):
    return np.float32(mu) + np.float32(s) * logit(np.float32(u))

# %% logistic | wrong | sign
def logistic(mu, s, u):
    return mu - s * (np.log(u) - np.log1p(-u))

# %% logistic | wrong | divided by s
def logistic(mu, s, u):
    return mu + (np.log(u) - np.log1p(-u)) / s

# %% logistic | wrong | the distribution function itself
def logistic(mu, s, u):
    return 1 / (1 + np.exp(-(u - mu) / s))

# %% logistic | wrong | Gumbel
def logistic(mu, s, u):
    return mu - s * np.log(-np.log(u))

# %% laplace | right | two cases
def laplace(mu, s, u):
    return np.where(u < 0.5, mu + s * np.log(2 * u), mu - s * np.log(2 * (1 - u)))

# %% laplace | right | torch
import torch

def laplace(mu, s, u):
    return torch.distributions.Laplace(torch.tensor(mu), torch.tensor(s)).icdf(torch.tensor(u))

# %% laplace | right | scipy
from scipy.stats import laplace as distribution

def laplace(mu, s, u):
    return distribution.ppf(u, loc=mu, scale=s)

# %% laplace | wrong | left half only
def laplace(mu, s, u):
    return mu + s * np.log(2 * u)

# %% laplace | wrong | sign
def laplace(mu, s, u):
    return mu + s * np.sign(u - 0.5) * np.log(1 - 2 * np.abs(u - 0.5))

# %% laplace | wrong | the 2 missing
def laplace(mu, s, u):
    return mu - s * np.sign(u - 0.5) * np.log(1 - np.abs(u - 0.5))

# %% laplace | wrong | a Gaussian
from scipy.special import ndtri

def laplace(mu, s, u):
    return mu + s * ndtri(u)

# %% laplace | wrong | random numbers of its own
def laplace(mu, s, u):
    return np.random.default_rng(1).laplace(mu, s)

# %% correlated | right | loops
import math

def correlated(mu, raw, eps):
    result = []
    for e in eps:
        result.append([mu[i] + math.exp(raw[i, i]) * e[i] + sum(raw[i, j] * e[j] for j in range(i)) for i in range(len(mu))])
    return result

# %% correlated | right | torch
import torch

def correlated(mu, raw, eps):
    mu, raw, eps = (torch.tensor(a) for a in (mu, raw, eps))
    L = raw.tril(-1) + raw.diagonal().exp().diag()
    return mu + (L @ eps.T).T

# %% correlated | right | einsum, float32
def correlated(mu, raw, eps):
    L = np.tril(np.float32(raw))
    np.fill_diagonal(L, np.exp(raw.diagonal()))
    return mu + np.einsum("ij,nj->ni", L, np.float32(eps))

# %% correlated | wrong | L transposed
def correlated(mu, raw, eps):
    return mu + eps @ (np.tril(raw, -1) + np.diag(np.exp(np.diag(raw))))

# %% correlated | wrong | no exponential
def correlated(mu, raw, eps):
    return mu + eps @ np.tril(raw).T

# %% correlated | wrong | the exponential of all
def correlated(mu, raw, eps):
    return mu + eps @ np.tril(np.exp(raw)).T

# %% correlated | wrong | raw as it is
def correlated(mu, raw, eps):
    return mu + eps @ raw.T

# %% correlated | wrong | diagonal only
def correlated(mu, raw, eps):
    return mu + eps * np.exp(np.diag(raw))

# %% correlated | wrong | changes raw
def correlated(mu, raw, eps):
    raw[np.diag_indices(len(mu))] = np.exp(np.diag(raw))
    return mu + eps @ np.tril(raw).T

# %% density | right | covariance
def log_density(mu, raw, z):
    L = np.tril(raw, -1) + np.diag(np.exp(np.diag(raw)))
    S = L @ L.T
    d = z - mu
    return -0.5 * (np.einsum("ni,ij,nj->n", d, np.linalg.inv(S), d) + np.linalg.slogdet(2 * np.pi * S)[1])

# %% density | right | torch
import torch

def log_density(mu, raw, z):
    mu, raw, z = (torch.tensor(a) for a in (mu, raw, z))
    L = raw.tril(-1) + raw.diagonal().exp().diag()
    return torch.distributions.MultivariateNormal(mu, scale_tril=L).log_prob(z)

# %% density | right | forward substitution
import math

def log_density(mu, raw, z):
    result = []
    for row in z:
        eps = []
        for i in range(len(mu)):
            eps.append((row[i] - mu[i] - sum(raw[i, j] * eps[j] for j in range(i))) / math.exp(raw[i, i]))
        result.append(sum(-0.5 * e * e - 0.5 * math.log(2 * math.pi) for e in eps) - sum(raw[i, i] for i in range(len(mu))))
    return result

# %% density | wrong | no volume
def log_density(mu, raw, z):
    L = np.tril(raw, -1) + np.diag(np.exp(np.diag(raw)))
    eps = np.linalg.solve(L, (z - mu).T)
    return -0.5 * (eps**2).sum(axis=0) - 0.5 * len(mu) * np.log(2 * np.pi)

# %% density | wrong | volume with the wrong sign
def log_density(mu, raw, z):
    L = np.tril(raw, -1) + np.diag(np.exp(np.diag(raw)))
    eps = np.linalg.solve(L, (z - mu).T)
    return -0.5 * (eps**2).sum(axis=0) + np.trace(raw) - 0.5 * len(mu) * np.log(2 * np.pi)

# %% density | wrong | volume halved
def log_density(mu, raw, z):
    L = np.tril(raw, -1) + np.diag(np.exp(np.diag(raw)))
    eps = np.linalg.solve(L, (z - mu).T)
    return -0.5 * (eps**2).sum(axis=0) - 0.5 * np.trace(raw) - 0.5 * len(mu) * np.log(2 * np.pi)

# %% density | wrong | constant once
def log_density(mu, raw, z):
    L = np.tril(raw, -1) + np.diag(np.exp(np.diag(raw)))
    eps = np.linalg.solve(L, (z - mu).T)
    return -0.5 * (eps**2).sum(axis=0) - np.trace(raw) - 0.5 * np.log(2 * np.pi)

# %% density | wrong | diagonal only
def log_density(mu, raw, z):
    eps = (z - mu) / np.exp(np.diag(raw))
    return -0.5 * (eps**2).sum(axis=1) - np.trace(raw) - 0.5 * len(mu) * np.log(2 * np.pi)

# %% density | wrong | L transposed
def log_density(mu, raw, z):
    L = np.tril(raw, -1) + np.diag(np.exp(np.diag(raw)))
    eps = np.linalg.solve(L.T, (z - mu).T)
    return -0.5 * (eps**2).sum(axis=0) - np.trace(raw) - 0.5 * len(mu) * np.log(2 * np.pi)

# %% pathwise | right | autograd
import torch

def pathwise(a, mu, lam, eps):
    result = []
    for e in torch.tensor(eps):
        p = torch.tensor([mu, lam], dtype=torch.float64, requires_grad=True)
        z = p[0] + p[1].exp() * e
        result.append(torch.autograd.grad(sum(c * z**n for n, c in enumerate(a)), p)[0])
    return torch.stack(result)

# %% pathwise | right | numpy's polynomials
def pathwise(a, mu, lam, eps):
    z = mu + np.exp(lam) * eps
    slope = np.polynomial.Polynomial(a).deriv()(z)
    return np.column_stack([slope, slope * (z - mu)])

# %% pathwise | right | loops, float32
def pathwise(a, mu, lam, eps):
    result = np.zeros((len(eps), 2), dtype=np.float32)
    for n, e in enumerate(eps):
        z = mu + np.exp(lam) * e
        result[n, 0] = sum(k * a[k] * z ** (k - 1) for k in range(1, 4))
        result[n, 1] = result[n, 0] * np.exp(lam) * e
    return result

# %% pathwise | wrong | by sigma, not by its log
def pathwise(a, mu, lam, eps):
    z = mu + np.exp(lam) * eps
    slope = a[1] + 2 * a[2] * z + 3 * a[3] * z**2
    return np.stack([slope, slope * eps], axis=1)

# %% pathwise | wrong | lambda taken for sigma
def pathwise(a, mu, lam, eps):
    z = mu + lam * eps
    slope = a[1] + 2 * a[2] * z + 3 * a[3] * z**2
    return np.stack([slope, slope * eps], axis=1)

# %% pathwise | wrong | lambda taken for the log-variance
def pathwise(a, mu, lam, eps):
    z = mu + np.exp(lam / 2) * eps
    slope = a[1] + 2 * a[2] * z + 3 * a[3] * z**2
    return np.stack([slope, slope * np.exp(lam / 2) * eps / 2], axis=1)

# %% pathwise | wrong | z = mu
def pathwise(a, mu, lam, eps):
    slope = a[1] + 2 * a[2] * mu + 3 * a[3] * mu**2 + 0 * eps
    return np.stack([slope, slope * np.exp(lam) * eps], axis=1)

# %% pathwise | wrong | the mean over the samples
def pathwise(a, mu, lam, eps):
    z = mu + np.exp(lam) * eps
    slope = a[1] + 2 * a[2] * z + 3 * a[3] * z**2
    return np.stack([slope, slope * np.exp(lam) * eps], axis=1).mean(0)

# %% pathwise | wrong | order swapped
def pathwise(a, mu, lam, eps):
    z = mu + np.exp(lam) * eps
    slope = a[1] + 2 * a[2] * z + 3 * a[3] * z**2
    return np.stack([slope * np.exp(lam) * eps, slope], axis=1)

# %% score | right | autograd
import torch

def score(a, mu, lam, eps, baseline):
    result = []
    for e in torch.tensor(eps):
        p = torch.tensor([mu, lam], dtype=torch.float64, requires_grad=True)
        z = (p[0] + p[1].exp() * e).detach()
        log_q = -p[1] - 0.5 * (z - p[0]) ** 2 * torch.exp(-2 * p[1])
        f = sum(c * z**n for n, c in enumerate(a))
        result.append((f - baseline) * torch.autograd.grad(log_q, p)[0])
    return torch.stack(result)

# %% score | right | in z
def score(a, mu, lam, eps, baseline):
    z, variance = mu + np.exp(lam) * eps, np.exp(2 * lam)
    f = np.polyval(a[::-1], z) - baseline
    return np.column_stack([f * (z - mu) / variance, f * ((z - mu) ** 2 / variance - 1)])

# %% score | right | loops, float32
def score(a, mu, lam, eps, baseline):
    result = []
    for e in eps:
        z = mu + np.exp(lam) * e
        f = a[0] + z * (a[1] + z * (a[2] + z * a[3])) - baseline
        result.append([np.float32(f * e / np.exp(lam)), np.float32(f * (e * e - 1))])
    return result

# %% score | wrong | baseline ignored
def score(a, mu, lam, eps, baseline):
    z = mu + np.exp(lam) * eps
    f = a[0] + a[1] * z + a[2] * z**2 + a[3] * z**3
    return f[:, None] * np.stack([eps / np.exp(lam), eps**2 - 1], axis=1)

# %% score | wrong | eps not divided by sigma
def score(a, mu, lam, eps, baseline):
    z = mu + np.exp(lam) * eps
    f = a[0] + a[1] * z + a[2] * z**2 + a[3] * z**3
    return (f - baseline)[:, None] * np.stack([eps, eps**2 - 1], axis=1)

# %% score | wrong | the normaliser forgotten
def score(a, mu, lam, eps, baseline):
    z = mu + np.exp(lam) * eps
    f = a[0] + a[1] * z + a[2] * z**2 + a[3] * z**3
    return (f - baseline)[:, None] * np.stack([eps / np.exp(lam), eps**2], axis=1)

# %% score | wrong | the slope for the value
def score(a, mu, lam, eps, baseline):
    z = mu + np.exp(lam) * eps
    f = a[1] + 2 * a[2] * z + 3 * a[3] * z**2
    return (f - baseline)[:, None] * np.stack([eps / np.exp(lam), eps**2 - 1], axis=1)

# %% score | wrong | sign
def score(a, mu, lam, eps, baseline):
    z = mu + np.exp(lam) * eps
    f = a[0] + a[1] * z + a[2] * z**2 + a[3] * z**3
    return (baseline - f)[:, None] * np.stack([eps / np.exp(lam), eps**2 - 1], axis=1)

# %% mass | right | quadrature
def log_mass(log_var):
    result = []
    for value in log_var:
        z = np.exp(value / 2) * np.linspace(-12, 12, 10001)
        result.append(np.log((np.exp(-value - z**2 / (2 * np.exp(value)))).sum() * (z[1] - z[0])))
    return result

# %% mass | right | torch
import math
import torch

def log_mass(log_var):
    return 0.5 * (math.log(2 * math.pi) - torch.tensor(log_var))

# %% mass | right | float32
def log_mass(log_var):
    return np.log(np.sqrt(2 * np.pi * np.exp(np.float32(log_var))) / np.exp(np.float32(log_var)))

# %% mass | wrong | sign
def log_mass(log_var):
    return 0.5 * log_var - 0.5 * np.log(2 * np.pi)

# %% mass | wrong | the constant only
def log_mass(log_var):
    return 0 * log_var + 0.5 * np.log(2 * np.pi)

# %% mass | wrong | the half only
def log_mass(log_var):
    return -0.5 * log_var

# %% mass | wrong | not the log
def log_mass(log_var):
    return np.sqrt(2 * np.pi) * np.exp(-log_var / 2)

# %% entropy | right | both, and the difference
def entropy_error(log_var):
    return (log_var + 0.5) - 0.5 * (np.log(2 * np.pi * np.e) + log_var)

# %% entropy | right | torch
import math
import torch

def entropy_error(log_var):
    return torch.tensor(log_var) / 2 - math.log(math.sqrt(2 * math.pi))

# %% entropy | right | a loop, float32
def entropy_error(log_var):
    return np.array([0.5 * (value - np.log(2 * np.pi)) for value in log_var], dtype=np.float32)

# %% entropy | wrong | sign
def entropy_error(log_var):
    return 0.5 * np.log(2 * np.pi) - 0.5 * log_var

# %% entropy | wrong | the printed entropy
def entropy_error(log_var):
    return log_var + 0.5

# %% entropy | wrong | without the constant
def entropy_error(log_var):
    return 0.5 * log_var

# %% choose | right | loops
import math

def choose(logits, u):
    result = np.zeros(logits.shape)
    for n in range(len(u)):
        g = [logits[n, k] - math.log(-math.log(u[n, k])) for k in range(u.shape[1])]
        result[n, g.index(max(g))] = 1
    return result

# %% choose | right | torch
import torch

def choose(logits, u):
    g = -torch.log(-torch.log(torch.tensor(u)))
    return torch.nn.functional.one_hot((torch.tensor(logits) + g).argmax(-1), logits.shape[1])

# %% choose | right | the first of exponential clocks
def choose(logits, u):
    times = -np.log(u) / np.exp(logits)
    return times == times.min(axis=1, keepdims=True)

# %% choose | wrong | the position
def choose(logits, u):
    return (logits - np.log(-np.log(u))).argmax(axis=1)

# %% choose | wrong | no noise
def choose(logits, u):
    return np.eye(logits.shape[1])[logits.argmax(axis=1)]

# %% choose | wrong | the noise's sign
def choose(logits, u):
    return np.eye(logits.shape[1])[(logits + np.log(-np.log(u))).argmax(axis=1)]

# %% choose | wrong | uniform noise
def choose(logits, u):
    return np.eye(logits.shape[1])[(logits + u).argmax(axis=1)]

# %% relaxed | right | scipy
from scipy.special import softmax

def relaxed(logits, u, tau):
    return softmax((logits - np.log(-np.log(u))) / tau, axis=-1)

# %% relaxed | right | torch
import torch

def relaxed(logits, u, tau):
    return torch.softmax((torch.tensor(logits) - torch.log(-torch.log(torch.tensor(u)))) / tau, -1)

# %% relaxed | right | loops
import math

def relaxed(logits, u, tau):
    result = []
    for row, noise in zip(logits, u):
        t = [(a - math.log(-math.log(b))) / tau for a, b in zip(row, noise)]
        w = [math.exp(value - max(t)) for value in t]
        result.append([value / sum(w) for value in w])
    return result

# %% relaxed | wrong | overflow
def relaxed(logits, u, tau):
    p = np.exp((logits - np.log(-np.log(u))) / tau)
    return p / p.sum(axis=1, keepdims=True)

# %% relaxed | wrong | the noise not divided by the temperature
def relaxed(logits, u, tau):
    t = logits / tau - np.log(-np.log(u))
    p = np.exp(t - t.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)

# %% relaxed | wrong | times the temperature
def relaxed(logits, u, tau):
    t = (logits - np.log(-np.log(u))) * tau
    p = np.exp(t - t.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)

# %% relaxed | wrong | normalised over the batch
def relaxed(logits, u, tau):
    t = (logits - np.log(-np.log(u))) / tau
    p = np.exp(t - t.max())
    return p / p.sum(axis=0, keepdims=True)

# %% relaxed | wrong | no noise
def relaxed(logits, u, tau):
    t = logits / tau
    p = np.exp(t - t.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)
