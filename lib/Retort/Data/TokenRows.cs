using Retort.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Retort.Data;

/// <summary>Strings of tokens of different lengths as the tensors that teacher forcing needs.</summary>
/// <param name="Inputs">(B, L), int64: the start symbol and the tokens, then padding</param>
/// <param name="Outputs">(B, L), int64: the tokens and the end symbol, then padding</param>
/// <param name="Mask">(B, L), 1 where a place counts</param>
public sealed record TokenRows(Tensor Inputs, Tensor Outputs, Tensor Mask)
{
    /// <summary>Strings, one a row.</summary>
    /// <param name="rows">the tokens of each, without marks of start and end</param>
    /// <param name="tokenizer">knows start, end and padding</param>
    /// <param name="device">where they are wanted; null for the CPU</param>
    /// <param name="countPadding">padding counts, too, as in the released code of sequence-level KD for SLU</param>
    public static TokenRows Of(IReadOnlyList<IReadOnlyList<int>> rows, Tokenizer tokenizer, Device? device = null, bool countPadding = false)
    {
        var length = RoundUp(rows.Max(r => r.Count) + 1);
        var (inputs, outputs, mask) = (new long[rows.Count * length], new long[rows.Count * length], new float[rows.Count * length]);
        Array.Fill(inputs, tokenizer.PaddingId);
        Array.Fill(outputs, tokenizer.PaddingId);
        Array.Fill(mask, countPadding ? 1 : 0);
        for (var b = 0; b < rows.Count; b++)
        {
            var at = b * length;
            inputs[at] = tokenizer.StartId;
            for (var i = 0; i < rows[b].Count; i++)
            {
                inputs[at + i + 1] = outputs[at + i] = rows[b][i];
            }
            outputs[at + rows[b].Count] = tokenizer.EndId;
            Array.Fill(mask, 1f, at, rows[b].Count + 1);
        }
        long[] shape = [rows.Count, length];
        var on = device ?? CPU;
        return new TokenRows(tensor(inputs, shape).to(on), tensor(outputs, shape).to(on), tensor(mask, shape).to(on));
    }

    /// <summary>Some of the rows.</summary>
    /// <param name="places">(n), int64: which</param>
    public TokenRows Rows(Tensor places) => new(Inputs.index_select(0, places), Outputs.index_select(0, places), Mask.index_select(0, places));

    /// <summary>Lengths are padded to multiples of 4: oneDNN makes and keeps a primitive for each shape that it meets.</summary>
    internal static int RoundUp(int length) => (length + 3) / 4 * 4;
}
