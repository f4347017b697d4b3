# Answers to exercises/elbo.py: the name of the solution cell, right or wrong, what it is,
# and the tests it fails if those are not all that follow the cell.

# %% kl | right | loops
import math

def kl_to_prior(mu, log_var, m, s):
    result = []
    for n in range(len(mu)):
        total = 0.0
        for k in range(len(m)):
            sigma = math.exp(0.5 * log_var[n, k])
            total += math.log(s / sigma) + (sigma**2 + (mu[n, k] - m[k]) ** 2) / (2 * s**2) - 0.5
        result.append(total)
    return result

# %% kl | right | torch.distributions
import torch

def kl_to_prior(mu, log_var, m, s):
    q = torch.distributions.Normal(torch.tensor(mu), torch.exp(0.5 * torch.tensor(log_var)))
    return torch.distributions.kl_divergence(q, torch.distributions.Normal(torch.tensor(m), torch.tensor(s).double())).sum(-1)

# %% kl | right | axes stretched, float32
def kl_to_prior(mu, log_var, m, s):
    mu, log_var, m = (a.astype(np.float32) for a in (mu, log_var, m))
    mu, log_var = (mu - m) / s, log_var - 2 * np.log(s)
    return -0.5 * np.sum(1 + log_var - mu**2 - np.exp(log_var), axis=-1)

# %% kl | wrong | from the standard prior
def kl_to_prior(mu, log_var, m, s):
    return 0.5 * (np.exp(log_var) + mu**2 - 1 - log_var).sum(axis=1)

# %% kl | wrong | reversed
def kl_to_prior(mu, log_var, m, s):
    return 0.5 * ((s**2 + (mu - m) ** 2) / np.exp(log_var) - 1 + log_var - 2 * np.log(s)).sum(axis=1)

# %% kl | wrong | log-variance taken for log sigma
def kl_to_prior(mu, log_var, m, s):
    return 0.5 * ((np.exp(2 * log_var) + (mu - m) ** 2) / s**2 - 1 - 2 * log_var + 2 * np.log(s)).sum(axis=1)

# %% kl | wrong | s taken for the variance
def kl_to_prior(mu, log_var, m, s):
    return 0.5 * ((np.exp(log_var) + (mu - m) ** 2) / s - 1 - log_var + np.log(s)).sum(axis=1)

# %% kl | wrong | mean over the latent directions
def kl_to_prior(mu, log_var, m, s):
    return 0.5 * ((np.exp(log_var) + (mu - m) ** 2) / s**2 - 1 - log_var + 2 * np.log(s)).mean(axis=1)

# %% kl | wrong | sign
def kl_to_prior(mu, log_var, m, s):
    return -0.5 * ((np.exp(log_var) + (mu - m) ** 2) / s**2 - 1 - log_var + 2 * np.log(s)).sum(axis=1)

# %% kl | wrong | no log s
def kl_to_prior(mu, log_var, m, s):
    return 0.5 * ((np.exp(log_var) + (mu - m) ** 2) / s**2 - 1 - log_var).sum(axis=1)

# %% evidence | right | by hand
import math

def log_evidence(log_joint):
    top = max(log_joint)
    return top + math.log(sum(math.exp(a - top) for a in log_joint))

# %% evidence | right | torch
import torch

def log_evidence(log_joint):
    return torch.logsumexp(torch.tensor(log_joint), 0)

# %% evidence | right | scipy, float32
from scipy.special import logsumexp

def log_evidence(log_joint):
    return logsumexp(np.float32(log_joint))

# %% evidence | wrong | underflow
def log_evidence(log_joint):
    return np.log(np.exp(log_joint).sum())

# %% evidence | wrong | sum of logs
def log_evidence(log_joint):
    return log_joint.sum()

# %% evidence | wrong | mean
def log_evidence(log_joint):
    return np.logaddexp.reduce(log_joint) - np.log(len(log_joint))

# %% evidence | wrong | the largest
def log_evidence(log_joint):
    return log_joint.max()

# %% bound | right | loops
import math

def bound(log_joint, q):
    return sum(q[z] * (log_joint[z] - math.log(q[z])) for z in range(len(q)) if q[z] > 0)

# %% bound | right | scipy
from scipy.special import entr

def bound(log_joint, q):
    return q @ log_joint + entr(q).sum()

# %% bound | right | torch
import torch

def bound(log_joint, q):
    log_joint, q = torch.tensor(log_joint), torch.tensor(q)
    return (q * log_joint).sum() - torch.xlogy(q, q).sum()

# %% bound | wrong | nan where q is zero
def bound(log_joint, q):
    return (q * (log_joint - np.log(q))).sum()

# %% bound | wrong | the entropy's sign
def bound(log_joint, q):
    on = q > 0
    return (q[on] * (log_joint[on] + np.log(q[on]))).sum()

# %% bound | wrong | without the entropy
def bound(log_joint, q):
    return q @ log_joint

# %% bound | wrong | mean for expectation
def bound(log_joint, q):
    on = q > 0
    return (log_joint[on] - np.log(q[on])).mean()

# %% bound | wrong | the evidence
def bound(log_joint, q):
    return np.logaddexp.reduce(log_joint)

# %% gap | right | evidence minus bound
def gap(log_joint, q):
    on = q > 0
    return np.logaddexp.reduce(log_joint) - (q[on] * (log_joint[on] - np.log(q[on]))).sum()

# %% gap | right | scipy
from scipy.special import rel_entr, softmax

def gap(log_joint, q):
    return rel_entr(q, softmax(log_joint)).sum()

# %% gap | right | torch
import torch

def gap(log_joint, q):
    q = torch.tensor(q)
    return torch.nn.functional.kl_div(torch.log_softmax(torch.tensor(log_joint), 0), q, reduction="sum")

# %% gap | wrong | reversed
def gap(log_joint, q):
    p = np.exp(log_joint - np.logaddexp.reduce(log_joint))
    return (p * np.log(p / np.maximum(q, 1e-300))).sum()

# %% gap | wrong | from the joint
def gap(log_joint, q):
    on = q > 0
    return (q[on] * (np.log(q[on]) - log_joint[on])).sum()

# %% gap | wrong | sign
def gap(log_joint, q):
    on = q > 0
    return -(q[on] * (np.log(q[on]) - log_joint[on] + np.logaddexp.reduce(log_joint))).sum()

# %% gap | wrong | nan where q is zero
def gap(log_joint, q):
    return (q * (np.log(q) - log_joint + np.logaddexp.reduce(log_joint))).sum()

# %% bits | right | loops
import math

def kl_bits(logits, p):
    def softplus(t):
        return max(t, 0) + math.log1p(math.exp(-abs(t)))
    result = []
    for row in logits:
        total = 0.0
        for t, prior in zip(row, p):
            q = math.exp(-softplus(-t))
            total += q * (-softplus(-t) - math.log(prior)) + (1 - q) * (-softplus(t) - math.log(1 - prior))
        result.append(total)
    return result

# %% bits | right | torch
import torch

def kl_bits(logits, p):
    logits, p = torch.tensor(logits), torch.tensor(p)
    q = torch.distributions.Bernoulli(logits=logits)
    loss = torch.nn.functional.binary_cross_entropy(p.expand_as(logits), p.expand_as(logits), reduction="none")
    cross = -(q.probs * torch.log(p) + (1 - q.probs) * torch.log(1 - p))
    entropy = torch.nn.functional.binary_cross_entropy_with_logits(logits, q.probs, reduction="none")
    return (cross - entropy + 0 * loss).sum(-1)

# %% bits | right | scipy, float32
from scipy.special import expit, rel_entr

def kl_bits(logits, p):
    q, p = expit(np.float32(logits)), np.float32(p)
    return (rel_entr(q, p) + rel_entr(expit(-np.float32(logits)), 1 - p)).sum(-1)

# %% bits | wrong | nan for large logits
def kl_bits(logits, p):
    q = 1 / (1 + np.exp(-logits))
    return (q * np.log(q / p) + (1 - q) * np.log((1 - q) / (1 - p))).sum(1)

# %% bits | wrong | half of it
def kl_bits(logits, p):
    q = 0.5 * (1 + np.tanh(logits / 2))
    return np.where(q > 0, q * (-np.logaddexp(0, -logits) - np.log(p)), 0).sum(1)

# %% bits | wrong | logits taken for probabilities
def kl_bits(logits, p):
    q = np.clip(logits, 1e-6, 1 - 1e-6)
    return (q * np.log(q / p) + (1 - q) * np.log((1 - q) / (1 - p))).sum(1)

# %% bits | wrong | the prior is one half
def kl_bits(logits, p):
    q = np.clip(0.5 * (1 + np.tanh(logits / 2)), 1e-12, 1 - 1e-12)
    return (q * np.log(2 * q) + (1 - q) * np.log(2 * (1 - q))).sum(1)

# %% bits | wrong | reversed
def kl_bits(logits, p):
    return (p * (np.log(p) + np.logaddexp(0, -logits)) + (1 - p) * (np.log(1 - p) + np.logaddexp(0, logits))).sum(1)

# %% bits | wrong | one number for the batch
def kl_bits(logits, p):
    q = np.clip(0.5 * (1 + np.tanh(logits / 2)), 1e-12, 1 - 1e-12)
    return (q * np.log(q / p) + (1 - q) * np.log((1 - q) / (1 - p))).sum()

# %% bits | wrong | clipped hard
def kl_bits(logits, p):
    q = np.clip(0.5 * (1 + np.tanh(logits / 2)), 0.05, 0.95)
    return (q * np.log(q / p) + (1 - q) * np.log((1 - q) / (1 - p))).sum(1)

# %% gauss | right | scipy
from scipy.stats import norm

def gaussian_log_prob(x, mu, log_var):
    return norm.logpdf(x, mu, np.exp(log_var / 2)).sum(1)

# %% gauss | right | torch
import torch

def gaussian_log_prob(x, mu, log_var):
    x, mu, log_var = (torch.tensor(a) for a in (x, mu, log_var))
    return torch.distributions.Normal(mu, torch.exp(log_var / 2)).log_prob(x).sum(-1)

# %% gauss | right | the printed one, corrected
def gaussian_log_prob(x, mu, log_var):
    printed = -0.5 * np.log(2 * np.pi) - 0.5 * (log_var + (x - mu) ** 2 * np.exp(-log_var)).sum(1)
    return printed - (x.shape[1] - 1) * np.log(2 * np.pi) / 2

# %% gauss | wrong | as printed
def gaussian_log_prob(x, mu, log_var):
    return -0.5 * np.log(2 * np.pi) - 0.5 * (log_var + (x - mu) ** 2 / np.exp(log_var)).sum(axis=1)

# %% gauss | wrong | no constant
def gaussian_log_prob(x, mu, log_var):
    return -0.5 * (log_var + (x - mu) ** 2 / np.exp(log_var)).sum(axis=1)

# %% gauss | wrong | log-variance taken for log sigma
def gaussian_log_prob(x, mu, log_var):
    return -0.5 * (np.log(2 * np.pi) + 2 * log_var + (x - mu) ** 2 / np.exp(2 * log_var)).sum(axis=1)

# %% gauss | wrong | log sigma squared not halved
def gaussian_log_prob(x, mu, log_var):
    return (-0.5 * np.log(2 * np.pi) - log_var - 0.5 * (x - mu) ** 2 / np.exp(log_var)).sum(axis=1)

# %% correction | right | from one density
from scipy.stats import norm

def correction(D):
    return (D - 1) * norm.logpdf(0)

# %% correction | right | loop
def correction(D):
    total = 0.0
    for _ in range(1, D):
        total -= np.log(np.sqrt(2 * np.pi))
    return total

# %% correction | right | torch
import math
import torch

def correction(D):
    return torch.tensor(1 - D) * 0.5 * math.log(2 * math.pi)

# %% correction | wrong | D for D - 1
def correction(D):
    return -0.5 * D * np.log(2 * np.pi)

# %% correction | wrong | sign
def correction(D):
    return 0.5 * (D - 1) * np.log(2 * np.pi)

# %% correction | wrong | not halved
def correction(D):
    return -(D - 1) * np.log(2 * np.pi)

# %% correction | wrong | nothing
def correction(D):
    return 0.0

# %% exact | right | scipy
from scipy.stats import multivariate_normal

def exact(w, s, x):
    D = len(w)
    return np.reshape(multivariate_normal(np.zeros(D), np.outer(w, w) + s**2 * np.eye(D)).logpdf(x), len(x))

# %% exact | right | torch
import torch

def exact(w, s, x):
    w, x = torch.tensor(w), torch.tensor(x)
    return torch.distributions.LowRankMultivariateNormal(torch.zeros_like(w), w[:, None], s**2 * torch.ones_like(w)).log_prob(x)

# %% exact | right | along w and across it
def exact(w, s, x):
    D, ww = len(w), w @ w
    log_det = D * np.log(2 * np.pi * s**2) + np.log1p(ww / s**2)
    return -0.5 * (log_det + ((x**2).sum(1) - (x @ w) ** 2 / (s**2 + ww)) / s**2)

# %% exact | wrong | components independent
def exact(w, s, x):
    v = w**2 + s**2
    return -0.5 * (np.log(2 * np.pi * v) + x**2 / v).sum(1)

# %% exact | wrong | given z = 0
def exact(w, s, x):
    return -0.5 * (np.log(2 * np.pi * s**2) + x**2 / s**2).sum(1)

# %% exact | wrong | no constant
def exact(w, s, x):
    covariance = np.outer(w, w) + s**2 * np.eye(len(w))
    return -0.5 * (np.linalg.slogdet(covariance)[1] + (x * np.linalg.solve(covariance, x.T).T).sum(axis=1))

# %% exact | wrong | s for its square
def exact(w, s, x):
    covariance = np.outer(w, w) + s * np.eye(len(w))
    return -0.5 * (np.linalg.slogdet(2 * np.pi * covariance)[1] + (x * np.linalg.solve(covariance, x.T).T).sum(axis=1))

# %% posterior | right | loops
def posterior(w, s, x):
    v = 1 / (1 + sum(a * a for a in w) / s**2)
    return [v * sum(a * b for a, b in zip(w, row)) / s**2 for row in x], [v] * len(x)

# %% posterior | right | torch
import torch

def posterior(w, s, x):
    w, x = torch.tensor(w), torch.tensor(x)
    v = s**2 / (s**2 + w @ w)
    return x @ w / (s**2 + w @ w), v.expand(len(x))

# %% posterior | right | by conditioning the joint Gaussian
def posterior(w, s, x):
    gain = np.linalg.solve(np.outer(w, w) + s**2 * np.eye(len(w)), w)
    return x @ gain, (1 - w @ gain) * np.ones(len(x))

# %% posterior | wrong | the prior ignored
def posterior(w, s, x):
    return x @ w / (w @ w), np.full(len(x), s**2 / (w @ w))

# %% posterior | wrong | standard deviation for variance
def posterior(w, s, x):
    precision = 1 + w @ w / s**2
    return x @ w / s**2 / precision, np.full(len(x), precision**-0.5)

# %% posterior | wrong | precision for variance
def posterior(w, s, x):
    precision = 1 + w @ w / s**2
    return x @ w / s**2 / precision, np.full(len(x), precision)

# %% posterior | wrong | s for its square
def posterior(w, s, x):
    precision = 1 + w @ w / s
    return x @ w / s / precision, np.full(len(x), 1 / precision)

# %% elbo | right | loops
import math

def elbo(w, s, x, m, v):
    result = []
    for n in range(len(x)):
        total = -0.5 * (m[n] ** 2 + v[n] - 1 - math.log(v[n]))
        for i in range(len(w)):
            error = (x[n, i] - w[i] * m[n]) ** 2 + v[n] * w[i] ** 2
            total -= 0.5 * math.log(2 * math.pi * s**2) + error / (2 * s**2)
        result.append(total)
    return result

# %% elbo | right | torch
import torch

def elbo(w, s, x, m, v):
    w, x, m, v = (torch.tensor(a) for a in (w, x, m, v))
    q = torch.distributions.Normal(m, v.sqrt())
    kl = torch.distributions.kl_divergence(q, torch.distributions.Normal(torch.zeros_like(m), torch.ones_like(v)))
    log_p = torch.distributions.Normal(m[:, None] * w, s).log_prob(x).sum(1)
    return log_p - v * (w**2).sum() / (2 * s**2) - kl

# %% elbo | right | the evidence minus the gap
def elbo(w, s, x, m, v):
    D, ww = len(w), w @ w
    log_p = -0.5 * (D * np.log(2 * np.pi * s**2) + np.log1p(ww / s**2) + ((x**2).sum(1) - (x @ w) ** 2 / (s**2 + ww)) / s**2)
    mean, variance = x @ w / (s**2 + ww), s**2 / (s**2 + ww)
    return log_p - 0.5 * ((v + (m - mean) ** 2) / variance - 1 - np.log(v / variance))

# %% elbo | wrong | z = m in the first term
def elbo(w, s, x, m, v):
    error = ((x - np.outer(m, w)) ** 2).sum(axis=1)
    return -0.5 * (len(w) * np.log(2 * np.pi * s**2) + error / s**2) - 0.5 * (m**2 + v - 1 - np.log(v))

# %% elbo | wrong | the divergence added
def elbo(w, s, x, m, v):
    error = ((x - np.outer(m, w)) ** 2).sum(axis=1) + v * (w @ w)
    return -0.5 * (len(w) * np.log(2 * np.pi * s**2) + error / s**2) + 0.5 * (m**2 + v - 1 - np.log(v))

# %% elbo | wrong | no constant
def elbo(w, s, x, m, v):
    error = ((x - np.outer(m, w)) ** 2).sum(axis=1) + v * (w @ w)
    return -0.5 * error / s**2 - 0.5 * (m**2 + v - 1 - np.log(v))

# %% elbo | wrong | v taken for a standard deviation
def elbo(w, s, x, m, v):
    error = ((x - np.outer(m, w)) ** 2).sum(axis=1) + v**2 * (w @ w)
    return -0.5 * (len(w) * np.log(2 * np.pi * s**2) + error / s**2) - 0.5 * (m**2 + v**2 - 1 - 2 * np.log(v))

# %% elbo | wrong | the evidence
def elbo(w, s, x, m, v):
    D, ww = len(w), w @ w
    return -0.5 * (D * np.log(2 * np.pi * s**2) + np.log1p(ww / s**2) + ((x**2).sum(1) - (x @ w) ** 2 / (s**2 + ww)) / s**2)
