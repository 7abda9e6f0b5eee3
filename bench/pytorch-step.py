"""The same training step in PyTorch: prints {"wall": ms, "cpu": ms}. Arguments: plain|chunked, then the sizes as JSON."""
import json
import sys
import time

import torch
import torch.nn.functional as F

loss_kind, sizes = sys.argv[1], json.loads(sys.argv[2])
batch, length, items, dimension, heads, blocks, dropout, threads, steps = (
    sizes[name]
    for name in ["rows", "width", "items", "dimension", "heads", "blocks", "dropout", "threads", "steps"]
)
torch.set_num_threads(threads)
torch.manual_seed(1)


class Block(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = torch.nn.LayerNorm(dimension), torch.nn.LayerNorm(dimension)
        self.qkv = torch.nn.Linear(dimension, 3 * dimension)
        self.out = torch.nn.Linear(dimension, dimension)
        self.inner = torch.nn.Linear(dimension, 4 * dimension)
        self.outer = torch.nn.Linear(4 * dimension, dimension)

    def forward(self, x):
        q, k, v = self.qkv(self.norm1(x)).view(batch, length, 3, heads, -1).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(batch, length, -1)
        x = x + F.dropout(self.out(mixed), dropout)
        return x + F.dropout(self.outer(F.relu(self.inner(self.norm2(x)))), dropout)


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.items = torch.nn.Parameter(torch.randn(items, dimension) * 0.05)
        self.positions = torch.nn.Parameter(torch.randn(length, dimension) * 0.02)
        self.blocks = torch.nn.ModuleList([Block() for _ in range(blocks)])
        self.norm = torch.nn.LayerNorm(dimension)

    def forward(self, ids):
        x = F.dropout(F.embedding(ids, self.items) * dimension**0.5 + self.positions, dropout)
        for block in self.blocks:
            x = block(x)
        return self.norm(x).reshape(batch * length, dimension)


class ChunkedLoss(torch.autograd.Function):
    """Cross-entropy whose logits exist a chunk at a time, with the gradient written out."""

    @staticmethod
    def forward(ctx, states, table, targets):
        count, chunk, total = states.shape[0], 512, 0.0
        for_states, for_table = torch.empty_like(states), torch.zeros_like(table)
        for start in range(0, count, chunk):
            some, wanted = states[start : start + chunk], targets[start : start + chunk, None]
            shares = torch.softmax(some @ table.T, 1)
            total -= shares.gather(1, wanted).clamp_min(1e-20).log().sum().item()
            shares.scatter_add_(1, wanted, torch.full(wanted.shape, -1.0))
            torch.mm(shares, table, out=for_states[start : start + chunk])
            for_table.addmm_(shares.T, some)
        ctx.save_for_backward(for_states / count, for_table / count)
        return torch.tensor(total / count)

    @staticmethod
    def backward(ctx, gradient):
        for_states, for_table = ctx.saved_tensors
        return for_states * gradient, for_table * gradient, None


model = Model()
optimiser = torch.optim.Adam(model.parameters(), 1e-3)
ids, targets = (torch.randint(0, items, (batch, length)) for _ in range(2))


def step():
    states = model(ids)
    if loss_kind == "chunked":
        loss = ChunkedLoss.apply(states, model.items, targets.reshape(-1))
    else:
        loss = F.cross_entropy(states @ model.items.T, targets.reshape(-1))
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
