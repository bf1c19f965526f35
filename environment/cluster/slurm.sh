#!/usr/bin/env bash
# One paper's ablation over several machines with a common folder: each task of the array trains its share of arms and
# seeds; the first one makes data, teachers and stored scores, the others wait for it.
#   sbatch --array=0-7 --cpus-per-task=4 --time=4:00:00 environment/cluster/slurm.sh 01-consistent-ensemble
set -euo pipefail
notebook=${1:?which notebook, without .ipynb}
export RETORT_CACHE=${RETORT_CACHE:?a folder that all machines see}
export RETORT_SIZE=${RETORT_SIZE:-full}
export RETORT_RESULTS=$RETORT_CACHE/results-$SLURM_ARRAY_TASK_ID
mkdir -p "$RETORT_RESULTS"
# SLURM_ARRAY_TASK_ID and SLURM_ARRAY_TASK_COUNT name the shard.
exec lib/Notebook/bin/Release/net10.0/retort-notebook run "notebooks/$notebook.ipynb" --size "$RETORT_SIZE" \
  --output "$RETORT_RESULTS/$notebook.ipynb"
