"""SASRec with normalisation before each part, as kiln's transformer without its additions, and its losses."""
import torch
import torch.nn.functional as F


class Block(torch.nn.Module):
    def __init__(self, dimension, heads, dropout):
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.norm1, self.norm2 = torch.nn.LayerNorm(dimension), torch.nn.LayerNorm(dimension)
        self.qkv = torch.nn.Linear(dimension, 3 * dimension)
        self.out = torch.nn.Linear(dimension, dimension)
        self.inner = torch.nn.Linear(dimension, 4 * dimension)
        self.outer = torch.nn.Linear(4 * dimension, dimension)

    def forward(self, x):
        batch, length, _ = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(batch, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(batch, length, -1)
        x = x + F.dropout(self.out(mixed), self.dropout, self.training)
        return x + F.dropout(self.outer(F.relu(self.inner(self.norm2(x)))), self.dropout, self.training)


class Model(torch.nn.Module):
    def __init__(self, items, length, dimension, heads, blocks, dropout):
        super().__init__()
        self.dropout = dropout
        self.items = torch.nn.Parameter(torch.randn(items, dimension) * 0.5 / dimension**0.5)
        self.positions = torch.nn.Parameter(torch.randn(length, dimension) * 0.02)
        self.blocks = torch.nn.ModuleList([Block(dimension, heads, dropout) for _ in range(blocks)])
        self.norm = torch.nn.LayerNorm(dimension)

    def forward(self, ids):
        dimension = self.items.shape[1]
        x = F.embedding(ids, self.items) * dimension**0.5 + self.positions[: ids.shape[1]]
        x = F.dropout(x, self.dropout, self.training)
        for block in self.blocks:
            x = block(x)
        return self.norm(x).reshape(-1, dimension)


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


def loss_of(kind, states, table, targets):
    if kind == "chunked":
        return ChunkedLoss.apply(states, table, targets)
    return F.cross_entropy(states @ table.T, targets)
