#!/usr/bin/python3
"""Prints tests/Losses/Golden/sequence_losses.json: losses of class-incremental SLU with sequence-level KD, from PyTorch's own functions."""

import json
import math

import torch
import torch.nn.functional as F

ROWS, TOKENS, VOCABULARY, FRAMES, WIDTH = 4, 3, 5, 4, 3
TEMPERATURE = 2.0
torch.manual_seed(2)


def numbers(t):
    return t.flatten().tolist()


logits = torch.randn(ROWS, TOKENS, VOCABULARY)
pseudo_logits = torch.randn(ROWS, TOKENS, VOCABULARY)
teacher = torch.randn(ROWS, TOKENS, VOCABULARY)
encoder, teacher_encoder = torch.randn(ROWS, FRAMES, WIDTH), torch.randn(ROWS, FRAMES, WIDTH)
targets, pseudo = torch.randint(1, VOCABULARY, (ROWS, TOKENS)), torch.randint(1, VOCABULARY, (ROWS, TOKENS))
token_lengths, pseudo_lengths, frame_lengths = [3, 2, 3, 1], [2, 3, 1, 3], [4, 3, 2, 4]
for b in range(ROWS):
    targets[b, token_lengths[b]:] = 0
    pseudo[b, pseudo_lengths[b]:] = 0


def case(memory):
    x, z, e = (t.clone().requires_grad_() for t in (logits, pseudo_logits, encoder))
    alpha = math.sqrt(len(memory) / ROWS)
    ce = F.cross_entropy(x.transpose(1, 2), targets, ignore_index=0)
    zero = torch.zeros(())
    audio = token = sequence = zero
    if memory:
        audio = F.mse_loss(torch.cat([e[b, :frame_lengths[b]] for b in memory]), torch.cat([teacher_encoder[b, :frame_lengths[b]] for b in memory]))
        q = torch.cat([x[b, :token_lengths[b]] for b in memory])
        p = torch.cat([teacher[b, :token_lengths[b]] for b in memory])
        token = F.cross_entropy(q / TEMPERATURE, F.softmax(p / TEMPERATURE, -1)) * TEMPERATURE ** 2
        sequence = F.cross_entropy(z[memory].transpose(1, 2), pseudo[memory], ignore_index=0)
    total = (1 - alpha) * ce + alpha * (audio + token + sequence)
    total.backward()
    grads = [t.grad if t.grad is not None else torch.zeros_like(t) for t in (x, z, e)]
    return {"memory": memory, "alpha": alpha, "ce": ce.item(), "audio": audio.item(), "token": token.item(), "sequence": sequence.item(),
            "total": total.item(), "grad_logits": numbers(grads[0]), "grad_pseudo": numbers(grads[1]), "grad_encoder": numbers(grads[2])}


print(json.dumps({
    "logits": numbers(logits), "pseudo_logits": numbers(pseudo_logits), "teacher": numbers(teacher), "encoder": numbers(encoder),
    "teacher_encoder": numbers(teacher_encoder), "targets": numbers(targets), "pseudo": numbers(pseudo),
    "token_lengths": token_lengths, "pseudo_lengths": pseudo_lengths, "frame_lengths": frame_lengths,
    "unmasked_ce": F.cross_entropy(logits.transpose(1, 2), targets).item(),
    "cases": [case([]), case([1]), case([0, 2, 3]), case([0, 1, 2, 3])],
}))
