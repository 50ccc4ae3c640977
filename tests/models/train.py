#!/usr/bin/env python3
"""Trains one of the models that Geodex ships, on text of its own language.

    ./geodex corpus --documents 60000 --seed 1 --out train
    ./geodex corpus --documents 1000 --seed 2 --out valid
    python3 train.py --architecture gpt2 --layers 6 --width 64 --heads 4 --batch 16 \
        --train train/text.txt --valid valid/text.txt --tokens 1.6e6 --out DIR

The model cards name the options of each; T5 with `--decoder-layers 6`.

Needs PyTorch and Hugging Face transformers (made with 2.13.0 and 5.18.0, CPU, float32). No part of the
build. The folder written has Hugging Face's layout: config.json, model.safetensors (float16),
tokenizer.json, tokenizer_config.json, README.md (the model card), training.json (the loss curve).
A checkpoint is written every `--save-minutes`, so a run that is stopped leaves a usable model;
`--minutes` ends a run in good order on a slow machine.

Every word of the language is one token; other text falls back to bytes (GPT-2, RoBERTa), letters
(BERT, T5). One document is one sequence.
"""

import argparse
import collections
import json
import math
import os
import random
import re
import time

import torch
import transformers

WORD = re.compile(r"\w+|[^\w\s]")


def documents(path):
    with open(path, encoding="utf-8") as file:
        return [WORD.findall(text) for text in file.read().split("\n\n")]


# ---- Tokenizers: Hugging Face's tokenizer.json, written from the word list.


def byte_symbols():
    """The printable stand-ins of the 256 bytes in byte-level BPE, in GPT-2's order."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in printable]
    return [chr(b) for b in printable] + [chr(256 + i) for i in range(len(others))]


def special(token, index):
    return {"id": index, "content": token, "special": True, "single_word": False,
            "lstrip": token == "<mask>", "rstrip": False, "normalized": False}


def template(parts, ids):
    """What stands around a text; the part "A" is the text itself."""
    single = [{"Sequence": {"id": "A", "type_id": 0}} if p == "A" else
              {"SpecialToken": {"id": p, "type_id": 0}} for p in parts]
    pair = single + [{"Sequence": {"id": "B", "type_id": 1}}]
    return {"type": "TemplateProcessing", "single": single, "pair": pair,
            "special_tokens": {p: {"id": p, "ids": [ids[p]], "tokens": [p]} for p in parts if p != "A"}}


class Tokenizer:
    """A word list as token ids, and the tokenizer.json that does the same to text."""

    def __init__(self, kind, words):
        self.kind = kind
        getattr(self, kind)(words)
        self.ids = {token: i for i, token in enumerate(self.tokens)}

    def encode(self, words):
        return [self.ids[self.surface(word)] for word in words]

    def surface(self, word):
        glued = word in ",.?"
        if self.kind in ("gpt2", "roberta"):
            return word if glued else "Ġ" + word
        if self.kind == "t5":
            return word if glued else "▁" + word
        return word

    def gpt2(self, words):
        surfaces = [self.surface(w) for w in words if w not in ",.?"]
        self.tokens = byte_symbols() + surfaces + ["<|endoftext|>"]

    def roberta(self, words):
        surfaces = [self.surface(w) for w in words if w not in ",.?"]
        self.tokens = ["<s>", "<pad>", "</s>", "<unk>"] + byte_symbols() + surfaces + ["<mask>"]

    def bert(self, words):
        marks = [chr(c) for c in range(33, 127)]
        pieces = ["##" + m for m in marks if m.isalnum()]
        single = [w for w in words if w not in marks]
        self.tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + marks + pieces + single

    def t5(self, words):
        marks = ["▁"] + [chr(c) for c in range(33, 127)]
        surfaces = [self.surface(w) for w in words if w not in ",.?"]
        extra = ["<extra_id_%d>" % i for i in reversed(range(32))]
        self.tokens = ["<pad>", "</s>", "<unk>"] + marks + surfaces + extra

    def to_json(self):
        ids = self.ids
        specials = {"gpt2": ["<|endoftext|>"], "roberta": ["<s>", "<pad>", "</s>", "<unk>", "<mask>"],
                    "bert": ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"],
                    "t5": ["<pad>", "</s>", "<unk>"] + [t for t in self.tokens if t.startswith("<extra")]}
        parts = {"gpt2": ["<|endoftext|>", "A"], "roberta": ["<s>", "A", "</s>"],
                 "bert": ["[CLS]", "A", "[SEP]"], "t5": ["A", "</s>"]}[self.kind]
        result = {"version": "1.0", "truncation": None, "padding": None,
                  "added_tokens": [special(t, ids[t]) for t in sorted(specials[self.kind], key=ids.get)],
                  "normalizer": None, "post_processor": template(parts, ids)}
        if self.kind in ("gpt2", "roberta"):
            level = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}
            result |= {"pre_tokenizer": level, "decoder": level,
                       "model": {"type": "BPE", "dropout": None, "unk_token": None,
                                 "continuing_subword_prefix": None, "end_of_word_suffix": None,
                                 "fuse_unk": False, "byte_fallback": False, "ignore_merges": True,
                                 "vocab": ids, "merges": []}}
        elif self.kind == "bert":
            result |= {"normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True,
                                      "strip_accents": None, "lowercase": False},
                       "pre_tokenizer": {"type": "BertPreTokenizer"},
                       "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
                       "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                                 "max_input_chars_per_word": 100, "vocab": ids}}
        else:
            meta = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
            score = lambda t: 0.0 if t in specials["t5"] else -20.0 if len(t) == 1 and t not in ",.?" else -6.0
            result |= {"pre_tokenizer": meta, "decoder": meta,
                       "model": {"type": "Unigram", "unk_id": 2, "byte_fallback": False,
                                 "vocab": [[t, score(t)] for t in self.tokens]}}
        return result


# ---- Models: Hugging Face's own classes at small sizes.


def build(args, tokenizer):
    vocab, width, heads, layers = len(tokenizer.tokens), args.width, args.heads, args.layers
    ids = tokenizer.ids
    if args.architecture == "gpt2":
        end = ids["<|endoftext|>"]
        config = transformers.GPT2Config(
            vocab_size=vocab, n_positions=192, n_embd=width, n_layer=layers, n_head=heads,
            resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0, bos_token_id=end, eos_token_id=end)
        return transformers.GPT2LMHeadModel(config)
    if args.architecture == "bert":
        config = transformers.BertConfig(
            vocab_size=vocab, hidden_size=width, num_hidden_layers=layers, num_attention_heads=heads,
            intermediate_size=4 * width, max_position_embeddings=192, hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0, pad_token_id=0)
        return transformers.BertForMaskedLM(config)
    if args.architecture == "roberta":
        config = transformers.RobertaConfig(
            vocab_size=vocab, hidden_size=width, num_hidden_layers=layers, num_attention_heads=heads,
            intermediate_size=4 * width, max_position_embeddings=194, hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0, type_vocab_size=1, layer_norm_eps=1e-5,
            bos_token_id=0, pad_token_id=1, eos_token_id=2)
        return transformers.RobertaForMaskedLM(config)
    config = transformers.T5Config(
        vocab_size=vocab, d_model=width, d_kv=width // heads, d_ff=4 * width, num_layers=layers,
        num_decoder_layers=args.decoder_layers, num_heads=heads, dropout_rate=0.0,
        relative_attention_num_buckets=32, relative_attention_max_distance=128,
        pad_token_id=0, eos_token_id=1, decoder_start_token_id=0)
    return transformers.T5ForConditionalGeneration(config)


@torch.no_grad()
def sinusoids(model):
    """Sines and cosines as the first values of the position embeddings, at the words' own size.

    A masked model has no causal order to begin with; from random positions it stays for long at what
    the bag of words gives, from these it finds its neighbours early. They are trained like all else.
    """
    embeddings = getattr(model, model.config.model_type).embeddings
    table = embeddings.position_embeddings.weight
    rows, width = table.shape
    angle = torch.arange(rows)[:, None] / 10000 ** (torch.arange(0, width, 2) / width)
    wave = torch.stack([angle.sin(), angle.cos()], 2).flatten(1)
    table.copy_(wave * embeddings.word_embeddings.weight.std() * 2 ** 0.5)


# ---- Batches: (model inputs, labels), -100 where no loss is taken.

MASKED = 0.25  # Share of tokens predicted; more than BERT's 0.15, since a run here is short.
SPAN = 0.1  # Chance that a span of 1 to 5 begins at a token: a quarter of them are predicted.


def padded(rows, pad):
    length = max(len(row) for row in rows)
    return torch.tensor([row + [pad] * (length - len(row)) for row in rows])


def fast_gelu(model):
    """Hugging Face writes the tanh form of GELU as eight operations; one gives the same numbers faster."""
    for module in model.modules():
        if type(module).__name__ == "GPT2MLP":
            module.act = torch.nn.GELU(approximate="tanh")


def causal(rows, tokenizer, _):
    end = tokenizer.ids["<|endoftext|>"]
    rows = [[end] + row + [end] for row in rows]
    return {"input_ids": padded([row[:-1] for row in rows], end)}, padded([row[1:] for row in rows], -100)


def masked(rows, tokenizer, dice):
    ids = tokenizer.ids
    first, last, pad, mask = [ids[t] for t in (
        ("[CLS]", "[SEP]", "[PAD]", "[MASK]") if tokenizer.kind == "bert" else ("<s>", "</s>", "<pad>", "<mask>"))]
    inputs, labels = [], []
    for row in rows:
        shown, label = [], []
        for token in row:
            if dice.random() >= MASKED:
                shown.append(token)
                label.append(-100)
                continue
            label.append(token)
            kind = dice.random()
            shown.append(mask if kind < 0.8 else dice.choice(row) if kind < 0.9 else token)
        inputs.append([first] + shown + [last])
        labels.append([-100] + label + [-100])
    batch = padded(inputs, pad)
    return {"input_ids": batch, "attention_mask": (batch != pad).long()}, padded(labels, -100)


def next_word(rows, tokenizer, _):
    """The lesson before masked prediction: every word from the words before it, by a causal mask.

    Masked prediction alone stays for long at what the bag of words gives; a model that has learned to
    read what stands before a word leaves that plateau at once (Gisserot-Boukhlef et al. 2025,
    arXiv 2507.00994, find the same for encoders of usual size).
    """
    ids = tokenizer.ids
    first, last, pad = [ids[t] for t in (
        ("[CLS]", "[SEP]", "[PAD]") if tokenizer.kind == "bert" else ("<s>", "</s>", "<pad>"))]
    batch = padded([[first] + row + [last] for row in rows], pad)
    labels = padded([row + [last, -100] for row in rows], -100)
    length = batch.shape[1]
    seen = (batch != pad)[:, None, None, :] & torch.ones(length, length).tril().bool()
    return {"input_ids": batch, "attention_mask": seen}, labels


def continuation(rows, tokenizer, dice):
    """A lesson beside span corruption: the rest of a document from its beginning."""
    ids = tokenizer.ids
    mark = ids["<extra_id_0>"]
    cuts = [dice.randint(1, max(1, len(row) // 2)) for row in rows]
    batch = padded([row[:cut] + [mark, 1] for row, cut in zip(rows, cuts)], 0)
    labels = padded([[mark] + row[cut:] + [1] for row, cut in zip(rows, cuts)], -100)
    start = torch.zeros(len(rows), 1, dtype=torch.long)
    decoder = torch.cat([start, labels[:, :-1].clamp(min=0)], 1)
    return {"input_ids": batch, "attention_mask": (batch != 0).long(), "decoder_input_ids": decoder}, labels


def spans(rows, tokenizer, dice):
    """T5's span corruption: a quarter of the tokens in spans of 1 to 5, each replaced by a sentinel."""
    ids = tokenizer.ids
    inputs, targets = [], []
    for row in rows:
        source, target, at, sentinel = [], [], 0, 0
        while at < len(row):
            if sentinel < 32 and dice.random() < SPAN:
                length = dice.randint(1, 5)
                mark = ids["<extra_id_%d>" % sentinel]
                source.append(mark)
                target += [mark] + row[at:at + length]
                at += length
                sentinel += 1
            else:
                source.append(row[at])
                at += 1
        inputs.append(source + [1])
        targets.append(target + [1])
    batch = padded(inputs, 0)
    labels = padded(targets, -100)
    start = torch.zeros(len(rows), 1, dtype=torch.long)
    decoder = torch.cat([start, labels[:, :-1].clamp(min=0)], 1)
    return {"input_ids": batch, "attention_mask": (batch != 0).long(), "decoder_input_ids": decoder}, labels


BATCH = {"gpt2": causal, "bert": masked, "roberta": masked, "t5": spans}
# Lesson, up to which share of the run, and in how many steps one: masked models learn to read first
# and to fill in then; T5 alternates.
LESSONS = {"bert": (next_word, 0.4, 1), "roberta": (next_word, 0.4, 1), "t5": (continuation, 0.75, 2)}


def batches(rows, size, dice):
    """Endless batches of documents of similar length."""
    while True:
        order = list(range(len(rows)))
        dice.shuffle(order)
        for start in range(0, len(order), 32 * size):
            pool = sorted(order[start:start + 32 * size], key=lambda i: len(rows[i]))
            groups = [pool[i:i + size] for i in range(0, len(pool), size)]
            dice.shuffle(groups)
            for group in groups:
                yield [rows[i] for i in group]


def loss_sum(model, inputs, labels):
    logits = model(**inputs, use_cache=False).logits if model.config.model_type in ("gpt2", "t5") \
        else model(**inputs).logits
    return torch.nn.functional.cross_entropy(
        logits.flatten(0, 1), labels.flatten(), ignore_index=-100, reduction="sum"), (labels != -100).sum()


@torch.no_grad()
def evaluate(model, rows, tokenizer):
    dice = random.Random(12345)
    total, count = 0.0, 0
    ordered = sorted(rows, key=len)
    for start in range(0, len(ordered), 50):
        one, n = loss_sum(model, *BATCH[tokenizer.kind](ordered[start:start + 50], tokenizer, dice))
        total, count = total + one.item(), count + n.item()
    return total / count


class Muon(torch.optim.Optimizer):
    """Momentum, orthogonalized by Newton-Schulz (Jordan et al. 2024), for the matrices inside the layers.

    Matrices of one shape are stacked, so that a small model does not pay per matrix. About half as
    many steps as AdamW alone at these sizes.
    """

    def __init__(self, matrices, lr):
        shapes = collections.defaultdict(list)
        for matrix in matrices:
            shapes[tuple(matrix.shape)].append(matrix)
        super().__init__([{"params": same} for same in shapes.values()], {"lr": lr})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            matrices = group["params"]
            gradient = torch.stack([m.grad for m in matrices])
            state = self.state[matrices[0]]
            momentum = state.setdefault("momentum", torch.zeros_like(gradient))
            momentum.lerp_(gradient, 0.05)
            update = self.orthogonal(gradient.lerp(momentum, 0.95))
            rows, columns = update.shape[1:]
            scale = max(1.0, columns / rows, rows / columns) ** 0.5
            torch._foreach_add_(matrices, list(update.unbind(0)), alpha=-group["lr"] * scale)

    @staticmethod
    def orthogonal(x):
        wide = x.shape[1] <= x.shape[2]
        x = x if wide else x.transpose(1, 2)
        x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
        for _ in range(5):
            square = x @ x.transpose(1, 2)
            x = 3.4445 * x + (-4.7750 * square + 2.0315 * square @ square) @ x
        return x if wide else x.transpose(1, 2)


OUTSIDE = ("wte", "wpe", "embeddings", "shared", "relative_attention_bias", "predictions", "lm_head")


def optimizers(model, args):
    """Muon for the matrices of the layers, AdamW for embeddings, heads, gains and biases."""
    inside = [p for n, p in model.named_parameters() if p.dim() == 2 and not any(k in n for k in OUTSIDE)]
    known = {id(p) for p in inside}
    rest = [p for p in model.parameters() if id(p) not in known]
    return [(Muon(inside, args.matrix_rate), args.matrix_rate),
            (torch.optim.AdamW(rest, lr=args.rate, betas=(0.9, 0.98), weight_decay=0.0, fused=True), args.rate)]


def rate(done, peak):
    """Linear warm-up over a twentieth of the run, then a cosine down to 2 %."""
    return peak * min(1.0, 20 * done + 0.01) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * done)))


def train(args):
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    texts = documents(args.train)
    held_out = documents(args.valid)[:args.valid_documents]
    counts = collections.Counter(w for text in texts for w in text)
    tokenizer = Tokenizer(args.architecture, sorted(counts))
    rows = [tokenizer.encode(text) for text in texts]
    valid = [tokenizer.encode(text) for text in held_out]
    model = build(args, tokenizer)
    if args.architecture in ("bert", "roberta"):
        sinusoids(model)
    if args.start:
        before = type(model).from_pretrained(args.start, dtype=torch.float32)
        model.load_state_dict(before.state_dict())
    fast_gelu(model)
    steppers = optimizers(model, args)
    dice = random.Random(args.seed)
    mean = sum(map(len, rows)) / len(rows)
    steps = math.ceil(args.tokens / (args.batch * mean))
    curve, seen, recent, began, saved = [], 0, [], time.time(), time.time()
    for step, group in zip(range(steps), batches(rows, args.batch, dice)):
        done = max(step / steps, (time.time() - began) / (60 * args.minutes))
        if done >= 1:
            break
        for stepper, peak in steppers:
            for part in stepper.param_groups:
                part["lr"] = rate(done, peak)
        make, share, every = LESSONS.get(args.architecture, (None, 0, 1))
        lesson = done < share and step % every == 0
        batch = make if lesson else BATCH[args.architecture]
        total, count = loss_sum(model, *batch(group, tokenizer, dice))
        loss = total / count
        model.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for stepper, _ in steppers:
            stepper.step()
        seen += sum(map(len, group))
        if not (lesson and every > 1):
            recent.append(loss.item())
        if (step + 1) % max(1, steps // 40) == 0:
            curve.append({"step": step + 1, "tokens": seen, "loss": round(sum(recent) / len(recent), 4)})
            print(args.architecture, args.width, curve[-1], "%.0f tokens/s" % (seen / (time.time() - began)), flush=True)
            recent = []
            if time.time() - saved > 60 * args.save_minutes:
                saved = time.time()
                save(args, model, tokenizer, curve, seen, valid[:200], counts, finished=False)
    save(args, model, tokenizer, curve, seen, valid, counts, finished=True)


def save(args, model, tokenizer, curve, seen, valid, counts, finished):
    os.makedirs(args.out, exist_ok=True)
    rounded = build(args, tokenizer)
    rounded.load_state_dict({k: v.half().float() for k, v in model.state_dict().items()})
    rounded.eval()
    loss = evaluate(rounded, valid, tokenizer)
    rounded.half().save_pretrained(args.out)
    os.chmod(os.path.join(args.out, "model.safetensors"), 0o644)
    for extra in ("generation_config.json",):
        if os.path.exists(os.path.join(args.out, extra)):
            os.remove(os.path.join(args.out, extra))
    total = sum(counts.values())
    unigram = -sum(c / total * math.log(c / total) for c in counts.values())
    result = {
        "architecture": args.architecture, "parameters": sum(p.numel() for p in model.parameters()),
        "layers": args.layers, "width": args.width, "heads": args.heads, "seed": args.seed, "continued": bool(args.start),
        "tokens_seen": seen, "batch_documents": args.batch, "peak_rate": args.rate, "peak_matrix_rate": args.matrix_rate, "finished": finished,
        "validation_loss": round(loss, 4), "validation_documents": len(valid),
        "unigram_entropy": round(unigram, 4), "loss_curve": curve,
        "torch": torch.__version__, "transformers": transformers.__version__}
    with open(os.path.join(args.out, "training.json"), "w") as file:
        json.dump(result, file, indent=1)
    with open(os.path.join(args.out, "tokenizer.json"), "w", encoding="utf-8") as file:
        json.dump(tokenizer.to_json(), file, ensure_ascii=False, indent=0)
    # Transformers' own GPT-2 class would rebuild the tokenizer from merges, of which there are none.
    with open(os.path.join(args.out, "tokenizer_config.json"), "w") as file:
        json.dump({"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 192}
                  | SPECIAL[args.architecture], file)
    with open(os.path.join(args.out, "README.md"), "w", encoding="utf-8") as file:
        file.write(card(result))
    print("saved", args.out, "validation loss %.4f" % loss, flush=True)


SPECIAL = {
    "gpt2": {"bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>"},
    "bert": {"cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]", "unk_token": "[UNK]",
             "mask_token": "[MASK]"},
    "roberta": {"bos_token": "<s>", "eos_token": "</s>", "cls_token": "<s>", "sep_token": "</s>",
                "pad_token": "<pad>", "unk_token": "<unk>", "mask_token": "<mask>"},
    "t5": {"eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}}
AUTO = {"gpt2": "AutoModelForCausalLM", "bert": "AutoModelForMaskedLM", "roberta": "AutoModelForMaskedLM",
        "t5": "AutoModelForSeq2SeqLM"}
TASK = {"gpt2": "the next word or the document's end, every word counted",
        "bert": "the quarter of the words that is masked", "roberta": "the quarter of the words that is masked",
        "t5": "the words of the spans taken out (a quarter of all), with their sentinels and the end"}
ENTROPY_RATE = 1.3373  # Nats per word of the language, a document's end counted: `geodex corpus`, 10^6 documents.


def card(result):
    """The model card."""
    loss, kind = result["validation_loss"], result["architecture"]
    name = {"gpt2": "GPT-2", "bert": "BERT", "roberta": "RoBERTa", "t5": "T5"}[kind]
    lines = [
        "---", "license: apache-2.0", "library_name: transformers", "---",
        "# %s, %d layers, width %d" % (name, result["layers"], result["width"]), "",
        "A small %s with %s parameters (embeddings counted), trained on documents of the language of" % (
            name, format(result["parameters"], ",")),
        "`geodex corpus`, whose structure and entropy are known. For trying Geodex and checking its figures; it",
        "knows nothing else than that language.", "",
        "| | |", "| --- | --- |",
        "| words seen in training | %s (%s documents in a step) |" % (
            format(result["tokens_seen"], ","), result["batch_documents"]),
        "| validation loss | %.4f nats, mean over %s; %d documents of seed 2 |" % (
            loss, TASK[kind], result["validation_documents"]),
        "| unigram entropy of the text | %.4f nats |" % result["unigram_entropy"]]
    if kind == "gpt2":
        lines += ["| entropy rate of the language | %.4f nats |" % ENTROPY_RATE,
                  "| gap to the entropy rate | %.4f nats |" % (loss - ENTROPY_RATE)]
    lines += [
        "| weights | float16; the validation loss is of these |",
        "| made with | `tests/models/train.py --architecture %s --layers %d --width %d --heads %d --seed %d`, PyTorch %s, transformers %s |" % (
            kind, result["layers"], result["width"], result["heads"], result["seed"], result["torch"], result["transformers"]),
        "", "The tokenizer makes one token of every word. Text begins with `<|endoftext|>`." if kind == "gpt2" else
        "The tokenizer makes one token of every word.",
        "Loads in transformers %s by `%s` and `AutoTokenizer` (tried by hand)." % (
            result["transformers"], AUTO[kind]), "",
        "## Training loss", "", "| step | words seen | loss |", "| --- | --- | --- |"]
    for point in result["loss_curve"]:
        lines.append("| %d | %s | %.3f |" % (point["step"], format(point["tokens"], ","), point["loss"]))
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--architecture", choices=list(BATCH), required=True)
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--decoder-layers", type=int, default=6)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--train", required=True)
    parser.add_argument("--valid", required=True)
    parser.add_argument("--valid-documents", type=int, default=500)
    parser.add_argument("--tokens", type=float, default=6e5, help="training tokens to see")
    parser.add_argument("--start", help="folder of a model to go on from")
    parser.add_argument("--minutes", type=float, default=1e9,
                        help="end earlier after this time, the rate brought down by then; not repeatable")
    parser.add_argument("--batch", type=int, default=8, help="documents in a step")
    parser.add_argument("--rate", type=float, default=5e-3, help="peak learning rate of AdamW")
    parser.add_argument("--matrix-rate", type=float, default=0.02, help="peak learning rate of Muon")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--save-minutes", type=float, default=5)
    parser.add_argument("--out", required=True)
    train(parser.parse_args())


if __name__ == "__main__":
    main()
