"""The equations of book/vae/autoencoders, against loops, autograd, scipy and scikit-learn."""

import math

import numpy as np
import pytest
import torch
from scipy import linalg, optimize
from sklearn.decomposition import PCA as SklearnPCA

from lecture_lib import autoencoder

D, K, N = 5, 2, 12


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.fixture
def x():
    return draw(N, D) @ draw(D, D, seed=1) + 1


@pytest.fixture
def linear():
    model = autoencoder.init_linear(D, K, generator=torch.Generator().manual_seed(0)).double()
    with torch.no_grad():
        for seed, parameter in enumerate(model.parameters()):
            parameter.copy_(draw(*parameter.shape, seed=seed))
    return model


def parts(model):
    """V, v, U, u as arrays."""
    return [t.detach().numpy() for t in (model.encoder.weight, model.encoder.bias, model.decoder.weight, model.decoder.bias)]


def mean_square(rows):
    return math.fsum(value**2 for row in rows for value in row) / len(rows)


@pytest.mark.equation(
    "eq-ae-code",
    r"z = f(x), \qquad r = g(z), \qquad x, r \in \mathbb{R}^D, \quad z \in \mathbb{R}^K",
    kind="definition",
)
def test_the_network_is_the_decoder_after_the_encoder_through_k_numbers():
    model = autoencoder.init(D, 7, K, generator=torch.Generator().manual_seed(0)).double()
    x = (draw(3, D) > 0).double()
    z = model.encode(x)
    assert z.shape == (3, K)
    assert torch.equal(model.decode(z), model(x))
    assert model(x).shape == x.shape


@pytest.mark.equation(
    "eq-ae-gaussian-loss",
    r"-\log \mathcal{N}(x; r, \sigma^2 I) = \frac{\| x - r \|^2}{2 \sigma^2} + \frac{D}{2} \log\left( 2 \pi \sigma^2 \right)",
    kind="identity",
)
def test_least_squares_is_the_negative_log_likelihood_of_a_gaussian(x):
    from scipy.stats import multivariate_normal

    r, sigma = draw(N, D, seed=2), 0.7
    found = autoencoder.squared_error(x, r) / (2 * sigma**2) + D / 2 * math.log(2 * math.pi * sigma**2)
    expected = [-multivariate_normal(mean, sigma**2 * np.eye(D)).logpdf(row) for row, mean in zip(x.numpy(), r.numpy(), strict=True)]
    assert found.tolist() == pytest.approx(expected, rel=1e-10)


@pytest.mark.equation(
    "eq-ae-bernoulli-loss",
    r"-\log p(x \mid z) = -\sum_{i=1}^{D} x_i \log r_i + (1 - x_i) \log(1 - r_i)",
    kind="identity",
)
def test_cross_entropy_is_the_negative_log_likelihood_of_independent_pixels():
    model = autoencoder.init(D, 7, K, generator=torch.Generator().manual_seed(0)).double()
    x = (draw(N, D) > 0).double()
    r = model(x).sigmoid()
    probability = [math.prod(p if on else 1 - p for on, p in zip(*rows, strict=True)) for rows in zip(x.tolist(), r.tolist(), strict=True)]
    written = -(x * r.log() + (1 - x) * (1 - r).log()).sum(1)
    assert written.tolist() == pytest.approx([-math.log(p) for p in probability], rel=1e-10)
    assert autoencoder.reconstruction_log_prob(model, x).tolist() == pytest.approx([math.log(p) for p in probability], rel=1e-10)


@pytest.mark.equation(
    "eq-ae-objective",
    r"\max_{f, g} \; \frac{1}{N} \sum_{n=1}^{N} \log p\big( x^{(n)} \mid z = f(x^{(n)}) \big)",
    kind="definition",
)
def test_the_gradient_of_training_is_uphill_on_the_mean_log_likelihood():
    from lecture_lib.training import GradientAscent

    generator = torch.Generator().manual_seed(0)
    model = autoencoder.init(D, 7, K, generator=generator).double()
    x = (draw(N, D) > 0).double()

    def objective():
        with torch.no_grad():
            return sum(torch.distributions.Bernoulli(logits=model(row[None])).log_prob(row).sum().item() for row in x) / N

    before = objective()
    step = GradientAscent(lambda batch: autoencoder.reconstruction_log_prob(model, batch), model,
                          torch.optim.SGD(model.parameters(), 1e-3), generator=generator)
    assert step(x)["objective"] == pytest.approx(before)
    assert objective() > before


@pytest.mark.equation("eq-ae-linear", r"z = V x + v, \qquad r = U z + u", kind="definition")
def test_the_linear_autoencoder_is_two_affine_maps(linear, x):
    V, v, U, u = parts(linear)
    for row, z, r in zip(x.numpy(), linear.encode(x).detach().numpy(), linear(x).detach().numpy(), strict=True):
        code = [sum(V[k, i] * row[i] for i in range(D)) + v[k] for k in range(K)]
        assert z.tolist() == pytest.approx(code)
        assert r.tolist() == pytest.approx([sum(U[i, k] * code[k] for k in range(K)) + u[i] for i in range(D)])


@pytest.mark.equation(
    "eq-ae-linear-loss",
    r"J = \frac{1}{N} \sum_{n=1}^{N} \big\| x^{(n)} - U V x^{(n)} - U v - u \big\|^2",
    kind="identity",
)
def test_the_mean_squared_error_of_the_linear_autoencoder_written_out(linear, x):
    V, v, U, u = parts(linear)
    rows = [row - U @ (V @ row) - U @ v - u for row in x.numpy()]
    assert autoencoder.squared_error(x, linear(x)).mean().item() == pytest.approx(mean_square(rows), rel=1e-10)


@pytest.mark.equation(
    "eq-ae-linear-bias",
    r"\operatorname*{arg\,min}_{m} J = \bar{x} - U V \bar{x}, \qquad \bar{x} = \frac{1}{N} \sum_{n=1}^{N} x^{(n)}",
    kind="identity",
)
def test_the_best_bias_is_the_mean_of_what_is_left_over(linear, x):
    V, _, U, _ = parts(linear)
    found = optimize.minimize(lambda m: mean_square([row - U @ (V @ row) - m for row in x.numpy()]), np.zeros(D), tol=1e-12)
    mean = autoencoder.pca(x, 1).mean.numpy()
    assert found.x.tolist() == pytest.approx((mean - U @ V @ mean).tolist(), abs=1e-5)


@pytest.mark.equation(
    "eq-ae-linear-centred",
    r"J = \frac{1}{N} \sum_{n=1}^{N} \big\| y^{(n)} - U V y^{(n)} \big\|^2, \qquad y^{(n)} = x^{(n)} - \bar{x}",
    kind="identity",
)
def test_with_the_best_bias_only_deviations_from_the_mean_pass_through(linear, x):
    V, v, U, _ = parts(linear)
    mean = x.mean(0).numpy()
    with torch.no_grad():
        linear.decoder.bias.copy_(torch.from_numpy(mean - U @ V @ mean - U @ v))
    rows = [row - mean - U @ (V @ (row - mean)) for row in x.numpy()]
    assert autoencoder.squared_error(x, linear(x)).mean().item() == pytest.approx(mean_square(rows), rel=1e-10)


@pytest.mark.equation(
    "eq-ae-linear-basis", r"U V = Q B, \qquad Q^\top Q = I, \qquad B = R V", kind="identity"
)
def test_an_orthonormal_basis_of_the_columns_gives_the_same_map(linear):
    V, _, U, _ = parts(linear)
    Q, R = linalg.qr(U, mode="economic")
    np.testing.assert_allclose(Q.T @ Q, np.eye(K), atol=1e-12)
    np.testing.assert_allclose(Q @ (R @ V), U @ V, atol=1e-12)
    assert autoencoder.principal_angles(torch.from_numpy(Q), torch.from_numpy(U)).max() < 1e-12


@pytest.mark.equation(
    "eq-ae-linear-pythagoras",
    r"\| y - Q B y \|^2 = \| y - Q Q^\top y \|^2 + \| Q^\top y - B y \|^2",
    kind="identity",
)
def test_pythagoras_splits_the_error_into_outside_and_inside_the_plane():
    Q, B = linalg.qr(draw(D, K).numpy(), mode="economic")[0], draw(K, D, seed=1).numpy()
    for y in draw(20, D, seed=2).numpy():
        whole = sum((y - Q @ (B @ y)) ** 2)
        outside, inside = sum((y - Q @ (Q.T @ y)) ** 2), sum((Q.T @ y - B @ y) ** 2)
        assert whole == pytest.approx(outside + inside, rel=1e-10)
        foot, *_ = linalg.lstsq(Q, y)  # the best code by least squares
        assert foot.tolist() == pytest.approx((Q.T @ y).tolist())


@pytest.mark.equation(
    "eq-ae-linear-captured",
    r"J = \operatorname{tr} C - \operatorname{tr} Q^\top C Q, \qquad C = \frac{1}{N} \sum_{n=1}^{N} y^{(n)} {y^{(n)}}^\top",
    kind="identity",
)
def test_the_error_is_the_variance_less_the_variance_in_the_plane(x):
    Q = linalg.qr(draw(D, K, seed=3).numpy(), mode="economic")[0]
    C = np.cov(x.numpy().T, bias=True)
    y = x.numpy() - x.numpy().mean(0)
    J = mean_square([row - Q @ (Q.T @ row) for row in y])
    assert np.trace(C) - np.trace(Q.T @ C @ Q) == pytest.approx(J, rel=1e-10)
    assert autoencoder.pca(x, K).variances.sum().item() == pytest.approx(np.trace(C))


@pytest.mark.equation(
    "eq-ae-linear-weights",
    r"\operatorname{tr} Q^\top C Q = \sum_{i=1}^{D} \lambda_i w_i, \qquad w_i = \| Q^\top e_i \|^2",
    kind="identity",
)
def test_the_variance_in_a_plane_is_a_weighted_sum_of_the_eigenvalues(x):
    Q = linalg.qr(draw(D, K, seed=3).numpy(), mode="economic")[0]
    all_of_them = autoencoder.pca(x, D)
    weights = [sum((Q.T @ e) ** 2) for e in all_of_them.components.numpy()]
    inside = np.var((x.numpy() - x.numpy().mean(0)) @ Q, axis=0).sum()
    total = sum(variance * w for variance, w in zip(all_of_them.variances.tolist(), weights, strict=True))
    assert total == pytest.approx(inside, rel=1e-10)


@pytest.mark.equation(
    "eq-ae-linear-budget", r"0 \le w_i \le 1, \qquad \sum_{i=1}^{D} w_i = K", kind="bound"
)
def test_the_weights_are_between_0_and_1_and_sum_to_the_dimension(x):
    components = autoencoder.pca(x, D).components.numpy()
    for seed in range(20):
        Q = linalg.qr(draw(D, K, seed=seed).numpy(), mode="economic")[0]
        weights = [sum((Q.T @ e) ** 2) for e in components]
        assert 0 <= min(weights)
        assert max(weights) <= 1 + 1e-12
        assert math.fsum(weights) == pytest.approx(K, rel=1e-10)


@pytest.mark.equation(
    "eq-ae-linear-best",
    r"\sum_{i=1}^{D} \lambda_i w_i \le \sum_{i=1}^{K} \lambda_i",
    kind="bound",
)
def test_no_plane_holds_more_variance_than_that_of_the_first_components(x):
    found = autoencoder.pca(x, D)
    most = found.variances[:K].sum().item()
    y = x.numpy() - x.numpy().mean(0)
    for seed in range(50):
        Q = linalg.qr(draw(D, K, seed=seed).numpy(), mode="economic")[0]
        assert np.var(y @ Q, axis=0).sum() <= most + 1e-10
    assert np.var(y @ found.components[:K].numpy().T, axis=0).sum() == pytest.approx(most)


@pytest.mark.equation(
    "eq-ae-linear-minimum",
    r"\min_{U, V, u, v} J = \sum_{i=K+1}^{D} \lambda_i",
    kind="identity",
)
def test_the_least_error_that_a_search_finds_is_the_variance_along_the_others(x):
    rows = x.numpy()

    def J(flat):
        U, V, m = flat[: D * K].reshape(D, K), flat[D * K : 2 * D * K].reshape(K, D), flat[2 * D * K :]
        return ((rows - rows @ V.T @ U.T - m) ** 2).sum(1).mean()

    found = min(optimize.minimize(J, draw(2 * D * K + D, seed=seed).numpy(), tol=1e-12).fun for seed in range(2))
    assert autoencoder.pca(x, K).variances[K:].sum().item() == pytest.approx(found, rel=1e-4)


@pytest.mark.equation(
    "eq-ae-linear-projection",
    r"g(f(x)) = \bar{x} + \sum_{j=1}^{K} e_j e_j^\top (x - \bar{x})",
    kind="identity",
)
def test_decoding_the_code_of_pca_projects_on_the_first_components(x):
    found = autoencoder.pca(x, K)
    theirs = SklearnPCA(K, svd_solver="full").fit(x.numpy())
    expected = theirs.inverse_transform(theirs.transform(x.numpy()))
    np.testing.assert_allclose(found.decode(found.encode(x)), expected, atol=1e-9)
    e = theirs.components_
    for row, projected in zip(x.numpy(), expected, strict=True):
        written = theirs.mean_ + sum(e[k] * (e[k] @ (row - theirs.mean_)) for k in range(K))
        assert written.tolist() == pytest.approx(projected.tolist())


@pytest.mark.equation("eq-ae-linear-axes", r"U V = (U M)(M^{-1} V)", kind="identity")
def test_mixing_the_code_changes_no_reconstruction_and_no_plane(linear, x):
    M = draw(K, K, seed=5)
    mixed = autoencoder.LinearAutoencoder(D, K).double()
    with torch.no_grad():
        mixed.encoder.weight.copy_(torch.linalg.solve(M, linear.encoder.weight))
        mixed.encoder.bias.copy_(torch.linalg.solve(M, linear.encoder.bias))
        mixed.decoder.weight.copy_(linear.decoder.weight @ M)
        mixed.decoder.bias.copy_(linear.decoder.bias)
        assert (mixed.encode(x) - linear.encode(x)).abs().max() > 0.1
        torch.testing.assert_close(mixed(x), linear(x))
        assert autoencoder.principal_angles(mixed.decoder.weight, linear.decoder.weight).max() < 1e-12


@pytest.mark.equation(
    "eq-ae-recode", r"g\big( t^{-1}( t( f(x) ) ) \big) = g(f(x))", kind="identity"
)
def test_codes_may_be_moved_anywhere_and_the_loss_stays():
    model = autoencoder.init(D, 7, K, generator=torch.Generator().manual_seed(0)).double()
    x = (draw(N, D) > 0).double()
    before, codes = autoencoder.reconstruction_log_prob(model, x), model.encode(x)
    T, shift = 100 * draw(K, K, seed=3), torch.tensor([1000.0, -7.0], dtype=torch.float64)
    with torch.no_grad():  # t(z) = T z + shift in the encoder's last layer, its inverse in the decoder's first
        model.code.weight.copy_(T @ model.code.weight)
        model.code.bias.copy_(T @ model.code.bias + shift)
        weight = model.decoder.hidden.weight @ torch.linalg.inv(T)
        model.decoder.hidden.weight.copy_(weight)
        model.decoder.hidden.bias.sub_(weight @ shift)
    torch.testing.assert_close(model.encode(x), codes @ T.T + shift)
    torch.testing.assert_close(autoencoder.reconstruction_log_prob(model, x), before)
