"""A training of SASRec in PyTorch: plain|chunked, then a JSON file with sizes, histories and validation cases.

Windows are padded, as SASRec's are. Prints {"epochs": n, "best": {"epoch", "ndcg"}, "epochSeconds", "bestSeconds"}
in CPU seconds and, after "wall", in seconds.
"""
import json
import math
import sys
import time

import torch

from sasrec import Model, loss_of

kind = sys.argv[1]
with open(sys.argv[2], encoding="utf-8") as file:
    asked = json.load(file)
sizes, training = asked["sizes"], asked["training"]
length, items = sizes["length"], sizes["items"]
torch.set_num_threads(asked["threads"])
torch.manual_seed(asked["seed"])
model = Model(items, length, sizes["dimension"], sizes["heads"], sizes["blocks"], sizes["dropout"])
optimiser = torch.optim.Adam(model.parameters(), training["learningRate"], betas=(0.9, 0.999))
average = {name: value.clone() for name, value in model.state_dict().items()}

windows = [history[-(length + 1) :] for history in asked["histories"] if len(history) > 1]
batch = max(1, round(training["tokens"] / length))
steps_an_epoch = math.ceil(len(windows) / batch)


def padded(rows, width):
    ids = torch.zeros(len(rows), width, dtype=torch.long)
    for row, values in enumerate(rows):
        ids[row, : len(values)] = torch.tensor(values)
    return ids


def rate_of(step):
    rise = min(1, (step + 1) / (training["warmup"] + 1))
    fall = 0.5 + 0.5 * math.cos(math.pi * min(1, step / (training["epochs"] * steps_an_epoch)))
    return training["learningRate"] * rise * (0.98 * fall + 0.02)


def learn(some, step):
    width = max(len(window) for window in some) - 1
    ids = padded([window[:-1] for window in some], width)
    targets = padded([window[1:] for window in some], width)
    real = padded([[1] * (len(window) - 1) for window in some], width).bool().reshape(-1)
    states = model(ids)[real]
    loss = loss_of(kind, states, model.items, targets.reshape(-1)[real])
    for group in optimiser.param_groups:
        group["lr"] = rate_of(step)
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    optimiser.step()
    decay = min(training["averageDecay"], (step + 2) / (step + 11))
    with torch.no_grad():
        for name, value in model.state_dict().items():
            average[name].mul_(decay).add_(value, alpha=1 - decay)


def look():
    """NDCG@10 of the averaged weights on the validation cases, among everything but the history."""
    own = {name: value.clone() for name, value in model.state_dict().items()}
    model.load_state_dict(average)
    model.eval()
    total = 0.0
    with torch.no_grad():
        for start in range(0, len(asked["cases"]), 64):
            cases = asked["cases"][start : start + 64]
            rows = [case["history"][-length:] for case in cases]
            width = max(len(row) for row in rows)
            states = model(padded(rows, width)).reshape(len(rows), width, -1)
            last = states[torch.arange(len(rows)), torch.tensor([len(row) - 1 for row in rows])]
            scores = last @ model.items.T
            for row, case in enumerate(cases):
                scores[row, torch.tensor(case["history"])] = -math.inf
                rank = int((scores[row] > scores[row, case["target"]]).sum())
                total += 1 / math.log2(rank + 2) if rank < 10 else 0
    model.load_state_dict(own)
    model.train()
    return total / len(asked["cases"])


clock = lambda: (time.process_time(), time.perf_counter())
began, learning = clock(), [0.0, 0.0]
best, since, epoch, step = {"epoch": 0, "ndcg": -1.0}, 0, 0, 0
best_at = began
while epoch < training["epochs"] and since < training["patience"]:
    before = clock()
    for start in torch.randperm(len(windows)).split(batch):
        learn([windows[index] for index in start.tolist()], step)
        step += 1
    epoch += 1
    after = clock()
    learning = [sum_ + now - then for sum_, now, then in zip(learning, after, before)]
    if epoch % training["evaluateEvery"] == 0 or epoch == training["epochs"]:
        ndcg = look()
        since = 0 if ndcg > best["ndcg"] else since + 1
        if since == 0:
            best, best_at = {"epoch": epoch, "ndcg": ndcg}, after


def spent(index):
    return {"epochSeconds": learning[index] / epoch, "bestSeconds": best_at[index] - began[index]}


print(json.dumps({"epochs": epoch, "best": best, "cpu": spent(0), "wall": spent(1)}))
