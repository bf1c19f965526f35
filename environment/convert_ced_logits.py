#!/usr/bin/env python3
"""Converts the teacher scores that the authors of CED released into plain files.

    convert_ced_logits.py FOLDER OUTPUT

FOLDER is one of the released folders, such as logits/ensemble5014/balanced/chunk_10: for each stored epoch E and
process R it holds logits_ep{E}_{R}.h5 (topk_values, topk_indexes, seeds) and logits_ep{E}_{R}.parquet (filename,
start, end; row i belongs to row i of the h5). OUTPUT gets rows_E.bin, index_E.tsv and card.json, which
Retort.Data.UpstreamLogits.Convert turns into a teacher store. meta.pt is a pickle of the authors' classes and is not read.
"""
import hashlib
import json
import os
import re
import sys

try:
    import h5py
    import numpy as np
    import pandas as pd
except ImportError as e:
    sys.exit(f"{e.name} is missing: apt-get install python3-h5py python3-pandas, and pip install pyarrow (or fastparquet) to read parquet")


def read_parquet(path):
    try:
        return pd.read_parquet(path, columns=["filename", "start", "end"])
    except ImportError:
        sys.exit("pandas needs a parquet reader: pip install pyarrow (or fastparquet with brotli)")


def rows_of(path):
    with h5py.File(path, "r") as f:
        values, classes, seeds = f["topk_values"][:], f["topk_indexes"][:], f["seeds"][:]
    n, k = values.shape
    if classes.shape != (n, k) or seeds.shape != (n,):
        sys.exit(f"{path}: topk_values {values.shape}, topk_indexes {classes.shape} and seeds {seeds.shape} do not fit")
    if seeds.min() < 0 or classes.min() < 0:
        sys.exit(f"{path}: a seed or class is negative")
    rows = np.empty(n, dtype=[("values", "<f2", k), ("classes", "<u2", k), ("seed", "<u4")])
    rows["values"], rows["classes"], rows["seed"] = values, classes, seeds
    return rows, k


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    folder, output = sys.argv[1:]
    parts = {}
    for name in sorted(os.listdir(folder)):
        found = re.fullmatch(r"logits_ep(\d+)_(\d+)\.h5", name)
        if found:
            parts.setdefault(int(found[1]), []).append((int(found[2]), name))
    if sorted(parts) != list(range(1, len(parts) + 1)):
        sys.exit(f"{folder}: epochs {sorted(parts)} are there, expected 1, 2, ...")
    os.makedirs(output, exist_ok=True)
    epochs, topk = [], None
    for epoch in sorted(parts):
        data, index, count = hashlib.sha256(), hashlib.sha256(), 0
        with open(os.path.join(output, f"rows_{epoch}.bin"), "wb") as out, \
                open(os.path.join(output, f"index_{epoch}.tsv"), "wb") as names:
            for _, name in sorted(parts[epoch]):
                rows, k = rows_of(os.path.join(folder, name))
                table = read_parquet(os.path.join(folder, name[:-3] + ".parquet"))
                if len(table) != len(rows) or topk not in (None, k):
                    sys.exit(f"{name}: {len(rows)} rows of {k} scores, its table has {len(table)}, others have {topk} scores")
                topk = k
                lines = "".join(f"{f}\t{s:.3f}\t{e:.3f}\n" for f, s, e in table.itertuples(index=False)).encode()
                for file, digest, content in ((out, data, rows.tobytes()), (names, index, lines)):
                    file.write(content)
                    digest.update(content)
                count += len(rows)
        epochs.append({"rows": count, "sha256": data.hexdigest(), "index_sha256": index.hexdigest()})
        print(f"epoch {epoch}: {count} rows")
    with open(os.path.join(output, "card.json.part"), "w") as card:
        json.dump({"format": "ced-logits", "version": 1, "topk": topk, "epochs": epochs}, card, indent=1)
    os.replace(os.path.join(output, "card.json.part"), os.path.join(output, "card.json"))


if __name__ == "__main__":
    main()
