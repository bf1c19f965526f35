"""Writes tests/Data/Golden/robust_hp*.pt.base64.txt with stock PyTorch: files in RobustHP's format and such as must be refused.
Usage: robust_hp.py FOLDER"""
import base64
import io
import os
import sys

import torch


def write(name, content):
    stream = io.BytesIO()
    torch.save(content, stream)
    with open(os.path.join(sys.argv[1], name + ".pt.base64.txt"), "w") as file:
        file.write(base64.b64encode(stream.getvalue()).decode())


class Code:
    def __reduce__(self):
        return (os.getenv, ("HOME",))


good = {"id": "utt-1", "input": ["a b", "a", "b", "", "c"], "ground_truth": "a b c", "am_score": [-0.1, -0.2, -0.3, -0.4, -0.5],
        "input_ids": torch.arange(7, dtype=torch.int32), "emb_diff": torch.arange(60).float().view(20, 3) / 8 + 1,
        "audio_features": torch.tensor([[1.0, 2], [2, 3], [3, 4], [4, 5]]), "clean_audio_features": torch.ones(4, 2)}
bare = {k: v for k, v in good.items() if not k.startswith(("audio", "clean"))}
write("robust_hp", [bare, good])
write("robust_hp_code", [{**bare, "id": Code()}])
write("robust_hp_nan", [{**good, "audio_features": torch.tensor([[float("nan"), 1.0]])}])
# A prompt in the layout that tests write it in, by a tokenizer of 3 marks and 256 bytes; the answer; the end symbol.
prompt = [byte + 3 for byte in b"a b"]
ids = prompt + [byte + 3 for byte in b"a b c"] + [2]
told = {"input_ids": torch.tensor(ids, dtype=torch.int32), "input_ids_no_response": torch.tensor(prompt, dtype=torch.int32)}
write("robust_hp_audio", [{**good, **told, "id": f"utt-{i}", "audio_features": good["audio_features"] * (i + 1), "emb_diff": good["emb_diff"] - 4 * i} for i in range(3)])
write("robust_hp_ids", [{**bare, "input_ids": told["input_ids"], "input_ids_no_response": told["input_ids"][1:3]}])
write("robust_hp_short", [{**bare, "input": ["a", "b", "c"]}])
