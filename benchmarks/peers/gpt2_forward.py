"""Forward pass of a GPT-2 of 124M shape in PyTorch or ONNX Runtime: tokens per second, all hidden states kept.

    python3 benchmarks/peers/gpt2_forward.py --batch 8 --length 128 [--threads 2] [--repeats 3] [--decode 0]
    python3 benchmarks/peers/gpt2_forward.py --batch 8 --length 128 --export gpt2-8x128.onnx
    python3 benchmarks/peers/gpt2_forward.py --batch 8 --length 128 --onnx gpt2-8x128.onnx

--decode N also times N greedy steps with a key-value cache, batch 1. --export writes the same network for
that one shape instead, --onnx times what was exported. Random weights, seed 1.
"""
import argparse
import importlib
import json
import math
import sys
import time


def peer(name):
    """The module, or one line that says it is not there."""
    try:
        return importlib.import_module(name)
    except ImportError:
        print(json.dumps({"peer": name, "skipped": name + " is not installed"}))
        sys.exit(0)


torch = None if "--onnx" in sys.argv else peer("torch")

LOWEST = torch and torch.tensor(torch.finfo(torch.float32).min)
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


def decode_rate(w, steps):
    """Greedy steps a second, batch 1, after a prompt of 16 tokens."""
    cache = [None] * LAYERS
    ids = torch.arange(16).view(1, -1)
    start = 0.0
    for step in range(steps + 3):
        if step == 3:
            start = time.perf_counter()
        last = forward(w, ids, cache)[-1][:, -1]
        ids = (last @ w["wte"].t()).argmax(-1, keepdim=True)
    return steps / (time.perf_counter() - start)


def export(w, ids, path):
    class Network(torch.nn.Module):
        def forward(self, ids):
            return tuple(forward(w, ids))

    torch.onnx.export(Network(), (ids,), path, input_names=["ids"], opset_version=16)


def onnx_session(path, threads):
    runtime = peer("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_ENABLE_ALL
    session = runtime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return session, "onnxruntime " + runtime.__version__


def timed(name, run, options):
    """Median of the repeats after one warm-up."""
    times = []
    for _ in range(options.repeats + 1):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    median = sorted(times[1:])[options.repeats // 2]
    return {"peer": name, "threads": options.threads, "shape": [options.batch, options.length],
            "seconds": times[1:], "tokens_per_second": options.batch * options.length / median}


def onnx(options):
    numpy = peer("numpy")
    session, name = onnx_session(options.onnx, options.threads)
    ids = numpy.random.default_rng(1).integers(VOCABULARY, size=(options.batch, options.length))
    return timed(name, lambda: session.run(None, {"ids": ids}), options)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--length", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--decode", type=int, default=0)
    parser.add_argument("--export", metavar="FILE")
    parser.add_argument("--onnx", metavar="FILE")
    options = parser.parse_args()
    if options.onnx:
        print(json.dumps(onnx(options)))
        return
    torch.set_num_threads(options.threads)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        w = weights(generator)
        ids = torch.randint(VOCABULARY, (options.batch, options.length), generator=generator)
        if options.export:
            export(w, ids, options.export)
            return
        name = "torch " + torch.__version__
        result = {"peer": name, "threads": options.threads}
        if options.repeats:
            result = timed(name, lambda: forward(w, ids), options)
        if options.decode:
            result["decode_tokens_per_second"] = decode_rate(w, options.decode)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
