# Answers to exercises/beta_vae.py: the name of the solution cell, right or wrong, what it is,
# and the tests it fails if those are not all that follow the cell.

# %% free | right | loops
import math

def free_bits(log_p, mu, sigma, delta):
    batch, K = mu.shape
    total = sum(log_p) / batch
    for j in range(K):
        mean = sum(0.5 * (mu[n, j] ** 2 + sigma[n, j] ** 2 - 1) - math.log(sigma[n, j]) for n in range(batch)) / batch
        total -= max(mean, delta)
    return total

# %% free | right | torch.distributions
import torch

def free_bits(log_p, mu, sigma, delta):
    q = torch.distributions.Normal(torch.tensor(mu), torch.tensor(sigma))
    kl = torch.distributions.kl_divergence(q, torch.distributions.Normal(torch.zeros_like(q.loc), torch.ones_like(q.loc)))
    return torch.tensor(log_p).mean() - kl.mean(0).clamp(min=delta).sum()

# %% free | right | what lies above the allowance, float32
def free_bits(log_p, mu, sigma, delta):
    mu, sigma = np.float32(mu), np.float32(sigma)
    log_var = 2 * np.log(sigma)
    kl = -0.5 * np.mean(1 + log_var - mu**2 - np.exp(log_var), axis=0)
    return np.mean(log_p) - delta * len(kl) - (kl - delta)[kl > delta].sum()

# %% free | wrong | maximum for each image, then the mean
def free_bits(log_p, mu, sigma, delta):
    kl = 0.5 * (mu**2 + sigma**2 - 1) - np.log(sigma)
    return log_p.mean() - np.maximum(delta, kl).mean(axis=0).sum()

# %% free | wrong | one allowance for all units
def free_bits(log_p, mu, sigma, delta):
    kl = 0.5 * (mu**2 + sigma**2 - 1) - np.log(sigma)
    return log_p.mean() - max(delta, kl.mean(axis=0).sum())

# %% free | wrong | minimum
def free_bits(log_p, mu, sigma, delta):
    kl = 0.5 * (mu**2 + sigma**2 - 1) - np.log(sigma)
    return log_p.mean() - np.minimum(delta, kl.mean(axis=0)).sum()

# %% free | wrong | only the nats above the allowance
def free_bits(log_p, mu, sigma, delta):
    kl = 0.5 * (mu**2 + sigma**2 - 1) - np.log(sigma)
    return log_p.mean() - np.maximum(0, kl.mean(axis=0) - delta).sum()

# %% free | wrong | mean over the units
def free_bits(log_p, mu, sigma, delta):
    kl = 0.5 * (mu**2 + sigma**2 - 1) - np.log(sigma)
    return log_p.mean() - np.maximum(delta, kl.mean(axis=0)).mean()

# %% free | wrong | sigma taken for a variance
def free_bits(log_p, mu, sigma, delta):
    kl = 0.5 * (mu**2 + sigma - 1 - np.log(sigma))
    return log_p.mean() - np.maximum(delta, kl.mean(axis=0)).sum()

# %% free | wrong | log sigma halved
def free_bits(log_p, mu, sigma, delta):
    kl = 0.5 * (mu**2 + sigma**2 - 1 - np.log(sigma))
    return log_p.mean() - np.maximum(delta, kl.mean(axis=0)).sum()

# %% free | wrong | sign
def free_bits(log_p, mu, sigma, delta):
    kl = 0.5 * (mu**2 + sigma**2 - 1) - np.log(sigma)
    return log_p.mean() + np.maximum(delta, kl.mean(axis=0)).sum()

# %% free | wrong | no allowance
def free_bits(log_p, mu, sigma, delta):
    kl = 0.5 * (mu**2 + sigma**2 - 1) - np.log(sigma)
    return log_p.mean() - kl.mean(axis=0).sum()

# %% free | wrong | sum over the batch
def free_bits(log_p, mu, sigma, delta):
    kl = 0.5 * (mu**2 + sigma**2 - 1) - np.log(sigma)
    return log_p.sum() - np.maximum(delta, kl.sum(axis=0)).sum()

# %% code | right | loops
import math

def best_code(p, log_lik, beta):
    rows = []
    for row in log_lik:
        logs = [math.log(a) + b / beta for a, b in zip(p, row)]
        weights = [math.exp(a - max(logs)) for a in logs]
        rows.append([weight / sum(weights) for weight in weights])
    return rows

# %% code | right | torch
import torch

def best_code(p, log_lik, beta):
    return torch.softmax(torch.tensor(p).log() + torch.tensor(log_lik) / beta, dim=-1)

# %% code | right | the largest subtracted first
def best_code(p, log_lik, beta):
    weights = p * np.exp((log_lik - log_lik.max(axis=1, keepdims=True)) / beta)
    return weights / weights.sum(axis=1, keepdims=True)

# %% code | wrong | underflow
def best_code(p, log_lik, beta):
    weights = p * np.exp(log_lik / beta)
    return weights / weights.sum(axis=1, keepdims=True)

# %% code | wrong | beta for its inverse
def best_code(p, log_lik, beta):
    weights = p * np.exp((log_lik - log_lik.max(axis=1, keepdims=True)) * beta)
    return weights / weights.sum(axis=1, keepdims=True)

# %% code | wrong | the posterior
def best_code(p, log_lik, beta):
    weights = p * np.exp(log_lik - log_lik.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)

# %% code | wrong | the prior flattened too
def best_code(p, log_lik, beta):
    weights = np.exp((np.log(p) + log_lik - log_lik.max(axis=1, keepdims=True)) / beta)
    return weights / weights.sum(axis=1, keepdims=True)

# %% code | wrong | no prior
def best_code(p, log_lik, beta):
    weights = np.exp((log_lik - log_lik.max(axis=1, keepdims=True)) / beta)
    return weights / weights.sum(axis=1, keepdims=True)

# %% code | wrong | normalised over the batch
def best_code(p, log_lik, beta):
    weights = p * np.exp((log_lik - log_lik.max()) / beta)
    return weights / weights.sum(axis=0)

# %% code | wrong | all on the best value
def best_code(p, log_lik, beta):
    return np.eye(len(p))[(np.log(p) + log_lik / beta).argmax(axis=1)]

# %% value | right | loops
import math

def best_value(p, log_lik, beta):
    result = []
    for row in log_lik:
        top = max(row)
        result.append(top + beta * math.log(sum(a * math.exp((b - top) / beta) for a, b in zip(p, row))))
    return result

# %% value | right | torch
import torch

def best_value(p, log_lik, beta):
    return beta * torch.logsumexp(torch.tensor(p).log() + torch.tensor(log_lik) / beta, dim=1)

# %% value | right | the objective at the best code
from scipy.special import rel_entr, softmax

def best_value(p, log_lik, beta):
    q = softmax(np.log(p) + log_lik / beta, axis=1)
    return (q * log_lik).sum(1) - beta * rel_entr(q, p).sum(1)

# %% value | wrong | underflow
def best_value(p, log_lik, beta):
    return beta * np.log((p * np.exp(log_lik / beta)).sum(axis=1))

# %% value | wrong | not times beta
def best_value(p, log_lik, beta):
    return np.logaddexp.reduce(np.log(p) + log_lik / beta, axis=1)

# %% value | wrong | the evidence
def best_value(p, log_lik, beta):
    return np.logaddexp.reduce(np.log(p) + log_lik, axis=1)

# %% value | wrong | divided by beta
def best_value(p, log_lik, beta):
    return np.logaddexp.reduce(np.log(p) + log_lik / beta, axis=1) / beta

# %% value | wrong | without the price
def best_value(p, log_lik, beta):
    log_q = np.log(p) + log_lik / beta
    log_q = log_q - np.logaddexp.reduce(log_q, axis=1)[:, None]
    return (np.exp(log_q) * log_lik).sum(axis=1)

# %% value | wrong | the ELBO of the best code
def best_value(p, log_lik, beta):
    log_q = np.log(p) + log_lik / beta
    log_q = log_q - np.logaddexp.reduce(log_q, axis=1)[:, None]
    return (np.exp(log_q) * (log_lik + np.log(p) - log_q)).sum(axis=1)

# %% value | wrong | mean over the batch
def best_value(p, log_lik, beta):
    return beta * np.logaddexp.reduce(np.log(p) + log_lik / beta, axis=1).mean()

# %% short | right | one objective minus the other
from scipy.special import rel_entr

def shortfall(p, log_lik, beta, q):
    best = beta * np.logaddexp.reduce(np.log(p) + log_lik / beta, axis=1)
    return best - ((q * log_lik).sum(1) - beta * rel_entr(q, p).sum(1))

# %% short | right | torch
import torch

def shortfall(p, log_lik, beta, q):
    log_best = torch.log_softmax(torch.tensor(p).log() + torch.tensor(log_lik) / beta, dim=1)
    return beta * torch.nn.functional.kl_div(log_best, torch.tensor(q), reduction="none").sum(1)

# %% short | right | loops
import math

def shortfall(p, log_lik, beta, q):
    result = []
    for row, code in zip(log_lik, q):
        top = max(row)
        log_Z = math.log(sum(a * math.exp((b - top) / beta) for a, b in zip(p, row)))
        result.append(beta * sum(c * (math.log(c / a) - (b - top) / beta + log_Z) for a, b, c in zip(p, row, code) if c > 0))
    return result

# %% short | wrong | nan where q is zero
def shortfall(p, log_lik, beta, q):
    log_best = np.log(p) + log_lik / beta
    log_best = log_best - np.logaddexp.reduce(log_best, axis=1)[:, None]
    return beta * (q * (np.log(q) - log_best)).sum(axis=1)

# %% short | wrong | not times beta
def shortfall(p, log_lik, beta, q):
    log_best = np.log(p) + log_lik / beta
    log_best = log_best - np.logaddexp.reduce(log_best, axis=1)[:, None]
    return (q * (np.log(np.where(q > 0, q, 1)) - log_best)).sum(axis=1)

# %% short | wrong | from the posterior
def shortfall(p, log_lik, beta, q):
    log_best = np.log(p) + log_lik
    log_best = log_best - np.logaddexp.reduce(log_best, axis=1)[:, None]
    return beta * (q * (np.log(np.where(q > 0, q, 1)) - log_best)).sum(axis=1)

# %% short | wrong | sign
def shortfall(p, log_lik, beta, q):
    log_best = np.log(p) + log_lik / beta
    log_best = log_best - np.logaddexp.reduce(log_best, axis=1)[:, None]
    return -beta * (q * (np.log(np.where(q > 0, q, 1)) - log_best)).sum(axis=1)

# %% short | wrong | reversed
def shortfall(p, log_lik, beta, q):
    log_best = np.log(p) + log_lik / beta
    log_best = log_best - np.logaddexp.reduce(log_best, axis=1)[:, None]
    return beta * (np.exp(log_best) * (log_best - np.log(np.maximum(q, 1e-300)))).sum(axis=1)

# %% short | wrong | from the prior
def shortfall(p, log_lik, beta, q):
    return beta * (q * (np.log(np.where(q > 0, q, 1)) - np.log(p))).sum(axis=1)

# %% short | wrong | the gap to the evidence
def shortfall(p, log_lik, beta, q):
    value = (q * log_lik).sum(1) - beta * (q * (np.log(np.where(q > 0, q, 1)) - np.log(p))).sum(1)
    return np.logaddexp.reduce(np.log(p) + log_lik, axis=1) - value

# %% sums | right | four cases
def beta_of_sums(beta, D, K, pixels, units):
    if pixels == "mean" and units == "mean":
        return beta * D / K
    if pixels == "mean":
        return beta * D
    return beta / K if units == "mean" else beta

# %% sums | right | weights
def beta_of_sums(beta, D, K, pixels, units):
    weight_of_pixel = 1 / D if pixels == "mean" else 1
    weight_of_unit = 1 / K if units == "mean" else 1
    return np.array(beta * weight_of_unit / weight_of_pixel)

# %% sums | right | torch
import torch

def beta_of_sums(beta, D, K, pixels, units):
    price = torch.tensor(beta)
    price = price * D ** (pixels == "mean")
    return price / K ** (units == "mean")

# %% sums | wrong | upside down
def beta_of_sums(beta, D, K, pixels, units):
    return beta * (K if units == "mean" else 1) / (D if pixels == "mean" else 1)

# %% sums | wrong | always both
def beta_of_sums(beta, D, K, pixels, units):
    return beta * D / K

# %% sums | wrong | D and K exchanged
def beta_of_sums(beta, D, K, pixels, units):
    return beta * (K if pixels == "mean" else 1) / (D if units == "mean" else 1)

# %% sums | wrong | the units left out
def beta_of_sums(beta, D, K, pixels, units):
    return beta * (D if pixels == "mean" else 1)

# %% sums | wrong | the words exchanged
def beta_of_sums(beta, D, K, pixels, units):
    return beta * (D if units == "mean" else 1) / (K if pixels == "mean" else 1)

# %% sums | wrong | whole numbers
def beta_of_sums(beta, D, K, pixels, units):
    return int(beta * (D if pixels == "mean" else 1)) // (K if units == "mean" else 1)

# %% noise | right | step by step
def noise_variance(beta, D, K):
    nat = beta / K
    error = 1 / D
    return 0.5 * nat / error

# %% noise | right | from the standard deviation
import math

def noise_variance(beta, D, K):
    return math.sqrt(beta * D / K / 2) ** 2

# %% noise | right | torch
import torch

def noise_variance(beta, D, K):
    return torch.tensor(beta) * D / K * 0.5

# %% noise | wrong | not halved
def noise_variance(beta, D, K):
    return beta * D / K

# %% noise | wrong | upside down
def noise_variance(beta, D, K):
    return K / (2 * beta * D)

# %% noise | wrong | standard deviation
def noise_variance(beta, D, K):
    return (beta * D / (2 * K)) ** 0.5

# %% noise | wrong | D and K exchanged
def noise_variance(beta, D, K):
    return beta * K / (2 * D)

# %% noise | wrong | no averages
def noise_variance(beta, D, K):
    return beta / 2

# %% noise | wrong | units summed
def noise_variance(beta, D, K):
    return beta * D / 2

# %% gaps | right | loops
import math

def gaps(info, n_values):
    result = []
    for m in range(info.shape[1]):
        column = sorted(info[:, m])
        result.append((column[-1] - column[-2]) / math.log(n_values[m]))
    return result

# %% gaps | right | torch
import torch

def gaps(info, n_values):
    best, second = torch.tensor(info).t().topk(2, dim=1).values.T
    return (best - second) / torch.tensor(n_values).log()

# %% gaps | right | the best one taken out
def gaps(info, n_values):
    rest = info.copy()
    rest[info.argmax(axis=0), np.arange(info.shape[1])] = -np.inf
    return (info.max(axis=0) - rest.max(axis=0)) / np.log(n_values)

# %% gaps | wrong | as printed
def gaps(info, n_values):
    table = np.sort(info.reshape(info.shape[1], info.shape[0]), axis=1)
    return (table[:, -1] - table[:, -2]) / np.log(n_values)

# %% gaps | wrong | factors compete for units
def gaps(info, n_values):
    table = np.sort(np.concatenate([info, 0 * info], axis=1), axis=1)
    return ((table[:, -1] - table[:, -2])[:, None] / np.log(n_values)).mean(axis=0)

# %% gaps | wrong | not normalised
def gaps(info, n_values):
    second, best = np.sort(info, axis=0)[-2:]
    return best - second

# %% gaps | wrong | no log
def gaps(info, n_values):
    second, best = np.sort(info, axis=0)[-2:]
    return (best - second) / n_values

# %% gaps | wrong | in bits
def gaps(info, n_values):
    second, best = np.sort(info, axis=0)[-2:]
    return (best - second) / np.log2(n_values)

# %% gaps | wrong | averaged
def gaps(info, n_values):
    second, best = np.sort(info, axis=0)[-2:]
    return ((best - second) / np.log(n_values)).mean()

# %% gaps | wrong | the best minus the worst
def gaps(info, n_values):
    return (info.max(axis=0) - info.min(axis=0)) / np.log(n_values)

# %% gaps | wrong | as a share of the best
def gaps(info, n_values):
    second, best = np.sort(info, axis=0)[-2:]
    return (best - second) / best

# %% read | right | by making the tables
def really_read(m, j, n_units, n_factors):
    places = np.arange(n_units * n_factors)
    place = places.reshape(n_factors, n_units)[m, j]
    unit, factor = np.argwhere(places.reshape(n_units, n_factors) == place)[0]
    return int(unit), int(factor)

# %% read | right | torch
import torch

def really_read(m, j, n_units, n_factors):
    place = torch.arange(n_units * n_factors).view(n_factors, n_units)[m, j]
    return torch.stack([place // n_factors, place % n_factors])

# %% read | right | unravel_index
def really_read(m, j, n_units, n_factors):
    place = np.ravel_multi_index((m, j), (n_factors, n_units))
    return np.array(np.unravel_index(place, (n_units, n_factors)))

# %% read | wrong | as meant
def really_read(m, j, n_units, n_factors):
    return j, m

# %% read | wrong | factor first
def really_read(m, j, n_units, n_factors):
    return divmod(m * n_units + j, n_factors)[::-1]

# %% read | wrong | columns first
def really_read(m, j, n_units, n_factors):
    return divmod(j * n_factors + m, n_units)

# %% read | wrong | rows of the other length
def really_read(m, j, n_units, n_factors):
    return divmod(m * n_factors + j, n_factors)

# %% read | wrong | divided by the units
def really_read(m, j, n_units, n_factors):
    return divmod(m * n_units + j, n_units)

# %% read | wrong | counted from one
def really_read(m, j, n_units, n_factors):
    unit, factor = divmod(m * n_units + j, n_factors)
    return unit + 1, factor + 1

# %% encoder | right | the joint Gaussian, conditioned
def best_encoder(W, s, x, beta):
    D, K = W.shape
    gain = np.linalg.solve(W @ W.T + beta * s**2 * np.eye(D), W)
    return x @ gain, np.array([-np.log1p((W[:, j] ** 2).sum() / (beta * s**2)) for j in range(K)])

# %% encoder | right | torch
import torch

def best_encoder(W, s, x, beta):
    W, x = torch.tensor(W), torch.tensor(x)
    precision = W.T @ W / (beta * s**2) + torch.eye(W.shape[1], dtype=W.dtype)
    return x @ W @ torch.linalg.inv(precision) / (beta * s**2), -precision.diagonal().log()

# %% encoder | right | least squares
def best_encoder(W, s, x, beta):
    K, root = W.shape[1], (beta * s**2) ** 0.5
    wide = np.vstack([W, root * np.eye(K)])
    mu = [list(np.linalg.lstsq(wide, np.concatenate([row, np.zeros(K)]), rcond=None)[0]) for row in x]
    return mu, list(2 * np.log(root) - np.log((wide**2).sum(axis=0)))

# %% encoder | wrong | the variances of the posterior
def best_encoder(W, s, x, beta):
    M = W.T @ W / (beta * s**2) + np.eye(W.shape[1])
    return x @ W @ np.linalg.inv(M) / (beta * s**2), np.log(np.diag(np.linalg.inv(M)))

# %% encoder | wrong | beta = 1
def best_encoder(W, s, x, beta):
    M = W.T @ W / s**2 + np.eye(W.shape[1])
    return x @ W @ np.linalg.inv(M) / s**2, -np.log(np.diag(M))

# %% encoder | wrong | columns taken one by one
def best_encoder(W, s, x, beta):
    level = beta * s**2 + (W**2).sum(axis=0)
    return x @ W / level, np.log(beta * s**2 / level)

# %% encoder | wrong | s for its square
def best_encoder(W, s, x, beta):
    M = W.T @ W / (beta * s) + np.eye(W.shape[1])
    return x @ W @ np.linalg.inv(M) / (beta * s), -np.log(np.diag(M))

# %% encoder | wrong | beta divides
def best_encoder(W, s, x, beta):
    M = W.T @ W * beta / s**2 + np.eye(W.shape[1])
    return x @ W @ np.linalg.inv(M) * beta / s**2, -np.log(np.diag(M))

# %% encoder | wrong | variance for its log
def best_encoder(W, s, x, beta):
    M = W.T @ W / (beta * s**2) + np.eye(W.shape[1])
    return x @ W @ np.linalg.inv(M) / (beta * s**2), 1 / np.diag(M)

# %% encoder | wrong | no prior
def best_encoder(W, s, x, beta):
    return x @ np.linalg.pinv(W).T, np.log(beta * s**2 / (W**2).sum(axis=0))

# %% rate | right | loops
import math

def rate_distortion(W, s, x, mu, log_var):
    R = distortion = 0.0
    for row, m in zip(x, mu):
        for j in range(len(m)):
            R += 0.5 * (m[j] ** 2 + math.exp(log_var[j]) - 1 - log_var[j]) / len(x)
        for i in range(len(row)):
            error = (row[i] - sum(W[i] * m)) ** 2 + sum(W[i] ** 2 * np.exp(log_var))
            distortion += (0.5 * math.log(2 * math.pi * s**2) + error / (2 * s**2)) / len(x)
    return R, distortion

# %% rate | right | torch
import torch

def rate_distortion(W, s, x, mu, log_var):
    W, x, mu, log_var = (torch.tensor(a) for a in (W, x, mu, log_var))
    q = torch.distributions.Normal(mu, (log_var / 2).exp().expand_as(mu))
    kl = torch.distributions.kl_divergence(q, torch.distributions.Normal(torch.zeros_like(mu), torch.ones_like(mu)))
    log_p = torch.distributions.Normal(mu @ W.T, s).log_prob(x).sum(1).mean()
    return kl.sum(1).mean(), -log_p + torch.trace(W @ torch.diag(log_var.exp()) @ W.T) / (2 * s**2)

# %% rate | right | by second moments
def rate_distortion(W, s, x, mu, log_var):
    second = mu.T @ mu / len(mu) + np.diag(np.exp(log_var))
    error = (x**2).sum() / len(x) - 2 * np.trace(W.T @ x.T @ mu) / len(x) + np.trace(W @ second @ W.T)
    rate = 0.5 * (np.trace(second) - len(log_var) - log_var.sum())
    return np.array([rate, 0.5 * error / s**2 + 0.5 * W.shape[0] * np.log(2 * np.pi * s**2)])

# %% rate | wrong | z = mu
def rate_distortion(W, s, x, mu, log_var):
    rate = 0.5 * (mu**2 + np.exp(log_var) - 1 - log_var).sum(axis=1).mean()
    error = ((x - mu @ W.T) ** 2).sum(axis=1).mean()
    return rate, 0.5 * (len(W) * np.log(2 * np.pi * s**2) + error / s**2)

# %% rate | wrong | no constant
def rate_distortion(W, s, x, mu, log_var):
    rate = 0.5 * (mu**2 + np.exp(log_var) - 1 - log_var).sum(axis=1).mean()
    error = ((x - mu @ W.T) ** 2).sum(axis=1).mean() + (W**2).sum(axis=0) @ np.exp(log_var)
    return rate, 0.5 * error / s**2

# %% rate | wrong | the constant counted once
def rate_distortion(W, s, x, mu, log_var):
    rate = 0.5 * (mu**2 + np.exp(log_var) - 1 - log_var).sum(axis=1).mean()
    error = ((x - mu @ W.T) ** 2).sum(axis=1).mean() + (W**2).sum(axis=0) @ np.exp(log_var)
    return rate, 0.5 * (np.log(2 * np.pi * s**2) + error / s**2)

# %% rate | wrong | log_var taken for log sigma
def rate_distortion(W, s, x, mu, log_var):
    rate = 0.5 * (mu**2 + np.exp(2 * log_var) - 1 - 2 * log_var).sum(axis=1).mean()
    error = ((x - mu @ W.T) ** 2).sum(axis=1).mean() + (W**2).sum(axis=0) @ np.exp(2 * log_var)
    return rate, 0.5 * (len(W) * np.log(2 * np.pi * s**2) + error / s**2)

# %% rate | wrong | exchanged
def rate_distortion(W, s, x, mu, log_var):
    rate = 0.5 * (mu**2 + np.exp(log_var) - 1 - log_var).sum(axis=1).mean()
    error = ((x - mu @ W.T) ** 2).sum(axis=1).mean() + (W**2).sum(axis=0) @ np.exp(log_var)
    return 0.5 * (len(W) * np.log(2 * np.pi * s**2) + error / s**2), rate

# %% rate | wrong | sums over the rows
def rate_distortion(W, s, x, mu, log_var):
    rate = 0.5 * (mu**2 + np.exp(log_var) - 1 - log_var).sum()
    error = ((x - mu @ W.T) ** 2).sum(axis=1) + (W**2).sum(axis=0) @ np.exp(log_var)
    return rate, 0.5 * (len(W) * np.log(2 * np.pi * s**2) + error / s**2).sum()

# %% rate | wrong | the log-likelihood's sign
def rate_distortion(W, s, x, mu, log_var):
    rate = 0.5 * (mu**2 + np.exp(log_var) - 1 - log_var).sum(axis=1).mean()
    error = ((x - mu @ W.T) ** 2).sum(axis=1).mean() + (W**2).sum(axis=0) @ np.exp(log_var)
    return rate, -0.5 * (len(W) * np.log(2 * np.pi * s**2) + error / s**2)

# %% price | right | scipy
from scipy.optimize import brentq

def price(W, s, x, limit):
    def excess(log_beta):
        level = np.exp(log_beta) * s**2
        mu = x @ np.linalg.solve(W @ W.T + level * np.eye(len(W)), W)
        precision = 1 + (W**2).sum(axis=0) / level
        return 0.5 * ((mu**2).sum() / len(x) + (1 / precision - 1 + np.log(precision)).sum()) - limit
    return np.exp(brentq(excess, np.log(1e-3), np.log(1e3)))

# %% price | right | torch
import torch

def price(W, s, x, limit):
    W, x = torch.tensor(W), torch.tensor(x)
    values, vectors = torch.linalg.eigh(W.T @ W)
    seen = (x @ W @ vectors).square().mean(0)
    low, high = 1e-3, 1e3
    for _ in range(100):
        beta = (low * high) ** 0.5
        v = 1 / (1 + (W**2).sum(0) / (beta * s**2))
        rate = 0.5 * ((seen / (values + beta * s**2) ** 2).sum() + (v - 1 - v.log()).sum())
        low, high = (beta, high) if rate > limit else (low, beta)
    return torch.tensor(beta)

# %% price | right | finer and finer grids
def price(W, s, x, limit):
    def rate(beta):
        mu = x @ np.linalg.inv(W @ W.T + beta * s**2 * np.eye(len(W))) @ W
        v = 1 / (1 + (W**2).sum(axis=0) / (beta * s**2))
        return 0.5 * (mu**2 + v - 1 - np.log(v)).sum(axis=1).mean()
    grid = np.geomspace(1e-3, 1e3, 50)
    for _ in range(6):
        best = int(np.argmax([rate(beta) <= limit for beta in grid]))
        grid = np.geomspace(grid[max(best - 1, 0)], grid[best], 20)
    return grid[10]

# %% price | wrong | nothing for the means
def price(W, s, x, limit):
    low, high = 1e-3, 1e3
    for _ in range(100):
        beta = (low * high) ** 0.5
        v = 1 / (1 + (W**2).sum(axis=0) / (beta * s**2))
        rate = 0.5 * (v - 1 - np.log(v)).sum()
        low, high = (beta, high) if rate > limit else (low, beta)
    return beta

# %% price | wrong | the interval halved the wrong way
def price(W, s, x, limit):
    low, high = 1e-3, 1e3
    for _ in range(100):
        beta = (low * high) ** 0.5
        mu = x @ np.linalg.inv(W @ W.T + beta * s**2 * np.eye(len(W))) @ W
        v = 1 / (1 + (W**2).sum(axis=0) / (beta * s**2))
        rate = 0.5 * (mu**2 + v - 1 - np.log(v)).sum(axis=1).mean()
        low, high = (beta, high) if rate < limit else (low, beta)
    return beta

# %% price | wrong | a coarse grid
def price(W, s, x, limit):
    def rate(beta):
        mu = x @ np.linalg.inv(W @ W.T + beta * s**2 * np.eye(len(W))) @ W
        v = 1 / (1 + (W**2).sum(axis=0) / (beta * s**2))
        return 0.5 * (mu**2 + v - 1 - np.log(v)).sum(axis=1).mean()
    grid = np.geomspace(1e-3, 1e3, 100)
    return min(grid, key=lambda beta: abs(rate(beta) - limit))

# %% price | wrong | the water of the variances
def price(W, s, x, limit):
    low, high = 1e-3, 1e3
    for _ in range(100):
        beta = (low * high) ** 0.5
        rate = 0.5 * np.maximum(0, np.log(np.linalg.eigvalsh(W.T @ W + s**2 * np.eye(W.shape[1])) / (beta * s**2))).sum()
        low, high = (beta, high) if rate > limit else (low, beta)
    return beta

# %% price | wrong | the log of the price
def price(W, s, x, limit):
    low, high = np.log(1e-3), np.log(1e3)
    for _ in range(100):
        log_beta = (low + high) / 2
        level = np.exp(log_beta) * s**2
        mu = x @ np.linalg.inv(W @ W.T + level * np.eye(len(W))) @ W
        v = 1 / (1 + (W**2).sum(axis=0) / level)
        rate = 0.5 * (mu**2 + v - 1 - np.log(v)).sum(axis=1).mean()
        low, high = (log_beta, high) if rate > limit else (low, log_beta)
    return log_beta

# %% price | wrong | the rate of all rows together
def price(W, s, x, limit):
    low, high = 1e-3, 1e3
    for _ in range(100):
        beta = (low * high) ** 0.5
        mu = x @ np.linalg.inv(W @ W.T + beta * s**2 * np.eye(len(W))) @ W
        v = 1 / (1 + (W**2).sum(axis=0) / (beta * s**2))
        rate = 0.5 * (mu**2 + v - 1 - np.log(v)).sum()
        low, high = (beta, high) if rate > limit else (low, beta)
    return beta
