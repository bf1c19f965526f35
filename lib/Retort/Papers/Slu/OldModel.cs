using Retort.Data;
using Retort.Decoding;
using Retort.Models;
using Retort.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Papers.Slu;

/// <summary>
/// The model after the task before: a frozen copy, and what it decodes. Both are made when they are first asked for, which must be
/// before the new model has changed; decoded strings are stored, so that a resumed run has the same.
/// </summary>
internal sealed class OldModel : IDisposable
{
    private readonly SpokenLanguageModel current;
    private readonly SluSetup setup;
    private readonly DecodingSettings decoding;
    private readonly string folder;
    private readonly long seed;
    private readonly int[] memory, task;
    private SpokenLanguageModel? copy;
    private Dictionary<int, StoredSequence[]>? ofMemory, ofTask;
    private bool training;

    /// <param name="current">the model, which is about to learn the next task</param>
    /// <param name="setup">makes the copy, and knows the utterances</param>
    /// <param name="arm">may say how many beams</param>
    /// <param name="seed">the run's seed</param>
    /// <param name="memory">the memory's utterances</param>
    /// <param name="task">the next task's</param>
    /// <param name="folder">where decoded strings are stored</param>
    public OldModel(SpokenLanguageModel current, SluSetup setup, SluArm arm, long seed, int[] memory, int[] task, string folder)
    {
        (this.current, this.setup, this.seed, this.memory, this.task, this.folder) = (current, setup, seed, memory, task, folder);
        decoding = setup.Symbols(setup.Teacher with { Beams = arm.Beams ?? setup.Teacher.Beams });
    }

    /// <summary>The frozen copy.</summary>
    public SpokenLanguageModel Model
    {
        get
        {
            if (copy is null)
            {
                CheckNotTraining("its outputs");
                copy = setup.Model(seed);
                var weights = StateDict.Copy(current);
                StateDict.Into(copy, weights);
                StateDict.Dispose(weights);
                copy.eval();
            }
            return copy;
        }
    }

    /// <summary>The strings of an utterance of the memory, the best first.</summary>
    public StoredSequence[] Decoded(int utterance) => (ofMemory ??= Decode(memory, "memory"))[utterance];

    /// <summary>Those of an utterance of the next task.</summary>
    public StoredSequence[] DecodedOfCurrent(int utterance) => (ofTask ??= Decode(task, "task"))[utterance];

    /// <summary>The share of the memory's best strings that are the gold string; null where none were asked for.</summary>
    public double? ExactMatch => ofMemory is null ? null
        : memory.Average(i => ofMemory[i][0].Tokens.SequenceEqual(setup.Train.Tokens[i]) ? 1.0 : 0.0);

    /// <summary>Copies the model and decodes memory and task.</summary>
    public void PrepareAll()
    {
        _ = Model;
        ofMemory ??= Decode(memory, "memory");
        ofTask ??= Decode(task, "task");
    }

    /// <summary>From now on the model changes: what has not been asked for cannot be had.</summary>
    public void TrainingBegins() => training = true;

    public void Dispose() => copy?.Dispose();

    private void CheckNotTraining(string what)
    {
        if (training)
        {
            throw new InvalidOperationException($"the loss asks for {what} of the old model only after training has begun; it must read them in every batch with replayed rows");
        }
    }

    private Dictionary<int, StoredSequence[]> Decode(int[] utterances, string name)
    {
        CheckNotTraining("strings");
        var part = setup.Train;
        var was = current.training;
        using var scope = NewDisposeScope();
        using var none = no_grad();
        using var precision = TrainLoop.Precision(current, setup.Training.Mixed);
        current.eval();
        // Those of like length together: little padding.
        int[] byLength = [.. utterances.OrderBy(i => part.Lengths[i]).ThenBy(i => i)];
        var ids = byLength.Select(i => part.Data.Recordings[i].File).ToArray();
        var card = new SequenceStoreCard
        {
            Teacher = StateDict.Hash(current),
            Data = part.Data.Hash,
            FrontEnd = current.Encoder.GetType().Name,
            Decoding = SettingsJson.Write(decoding, SettingsJson.Line) + (setup.Training.Mixed ? " bfloat16" : ""),
            Vocabulary = part.Tokenizer.Count,
            Best = decoding.Beams,
            Count = utterances.Length,
        };
        var at = Path.Combine(folder, name);
        using (var writer = SequenceStoreWriter.Open(at, card, ids))
        {
            foreach (var rows in byLength.Skip(writer.Written).Chunk(64))
            {
                using var inner = NewDisposeScope();
                var (features, frames) = part.Features(rows);
                var used = current.LengthMasks ? frames : null;
                foreach (var (row, best) in rows.Zip(BeamSearch.Decode(current.Decoder, current.Encoder.FromFeatures(features, used), used, decoding)))
                {
                    writer.Add(new SequenceRow(part.Data.Recordings[row].File, [.. best.Select(h => new StoredSequence([.. h.Tokens], (float)h.Score, (float)h.LogProbability))], null, 0, null, null));
                }
            }
            writer.Finish();
        }
        current.train(was);
        using var store = SequenceStore.Open(at, card);
        return utterances.ToDictionary(i => i, i => store.Best(store.Find(part.Data.Recordings[i].File)));
    }
}
