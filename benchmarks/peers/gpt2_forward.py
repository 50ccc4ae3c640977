"""A GPT-2 of 124M shape in PyTorch with random weights, seed 1, for peers.py."""
import math

import torch

LOWEST = torch.tensor(torch.finfo(torch.float32).min)
LAYERS, WIDTH, HEADS, VOCABULARY, POSITIONS = 12, 768, 12, 50257, 1024


def weights(generator):
    def normal(*shape):
        return torch.randn(*shape, generator=generator) * 0.02

    d = WIDTH
    layers = [
        dict(
            g1=torch.ones(d), b1=torch.zeros(d), qkv=normal(d, 3 * d), qkv_b=torch.zeros(3 * d),
            out=normal(d, d), out_b=torch.zeros(d), g2=torch.ones(d), b2=torch.zeros(d),
            up=normal(d, 4 * d), up_b=torch.zeros(4 * d), down=normal(4 * d, d), down_b=torch.zeros(d))
        for _ in range(LAYERS)]
    return dict(wte=normal(VOCABULARY, d), wpe=normal(POSITIONS, d), layers=layers,
                g=torch.ones(d), b=torch.zeros(d))


def gelu_new(x):
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * torch.pow(x, 3))))


def norm(x, gain, bias):
    return torch.nn.functional.layer_norm(x, (WIDTH,), gain, bias, 1e-5)


def forward(w, ids, cache=None):
    """Hidden states of every layer; with a cache, of the new tokens after those in it."""
    batch, length = ids.shape
    past = 0 if cache is None or cache[0] is None else cache[0][0].shape[2]
    x = w["wte"][ids] + w["wpe"][past:past + length]
    states = [x]
    mask = torch.ones(length, past + length).tril(past).bool()
    for i, layer in enumerate(w["layers"]):
        h = torch.addmm(layer["qkv_b"], norm(x, layer["g1"], layer["b1"]).view(-1, WIDTH), layer["qkv"])
        q, k, v = (t.view(batch, length, HEADS, -1).transpose(1, 2)
                   for t in h.view(batch, length, 3 * WIDTH).split(WIDTH, 2))
        if cache is not None:
            if cache[i] is not None:
                k, v = torch.cat([cache[i][0], k], 2), torch.cat([cache[i][1], v], 2)
            cache[i] = (k, v)
        scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
        scores = torch.where(mask, scores, LOWEST)
        a = (scores.softmax(-1) @ v).transpose(1, 2).reshape(-1, WIDTH)
        x = x + torch.addmm(layer["out_b"], a, layer["out"]).view(batch, length, WIDTH)
        h = norm(x, layer["g2"], layer["b2"]).view(-1, WIDTH)
        h = gelu_new(torch.addmm(layer["up_b"], h, layer["up"]))
        x = x + torch.addmm(layer["down_b"], h, layer["down"]).view(batch, length, WIDTH)
        states.append(x)
    states[-1] = norm(x, w["g"], w["b"])
    return states


def decode(w, ids, steps):
    """Greedy steps with a key-value cache after a prompt."""
    cache = [None] * LAYERS
    for _ in range(steps):
        last = forward(w, ids, cache)[-1][:, -1]
        ids = (last @ w["wte"].t()).argmax(-1, keepdim=True)


def export(w, ids, path):
    """The forward pass for ids of this shape as an ONNX file."""

    class Network(torch.nn.Module):
        def forward(self, ids):
            return tuple(forward(w, ids))

    torch.onnx.export(Network(), (ids,), path, input_names=["ids"], opset_version=16)


def random_inputs(batch, length):
    """Weights and token ids."""
    generator = torch.Generator().manual_seed(1)
    return weights(generator), torch.randint(VOCABULARY, (batch, length), generator=generator)
