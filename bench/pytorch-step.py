"""The same training step in PyTorch: prints {"wall": ms, "cpu": ms}. Arguments: plain|chunked, then the sizes as JSON."""
import json
import sys
import time

import torch

from sasrec import Model, loss_of

loss_kind, sizes = sys.argv[1], json.loads(sys.argv[2])
batch, length, items, dimension, heads, blocks, dropout, threads, steps = (
    sizes[name]
    for name in ["rows", "width", "items", "dimension", "heads", "blocks", "dropout", "threads", "steps"]
)
torch.set_num_threads(threads)
torch.manual_seed(1)


model = Model(items, length, dimension, heads, blocks, dropout)
optimiser = torch.optim.Adam(model.parameters(), 1e-3)
ids, targets = (torch.randint(0, items, (batch, length)) for _ in range(2))


def step():
    states = model(ids)
    loss = loss_of(loss_kind, states, model.items, targets.reshape(-1))
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    optimiser.step()
    return loss.item()


for _ in range(3):
    step()
wall, cpu = time.perf_counter(), time.process_time()
for _ in range(steps):
    step()
print(json.dumps({"wall": (time.perf_counter() - wall) / steps * 1000, "cpu": (time.process_time() - cpu) / steps * 1000}))
