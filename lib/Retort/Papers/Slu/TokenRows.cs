using static TorchSharp.torch;

namespace Retort.Papers.Slu;

/// <summary>Rows of tokens of different lengths as the tensors that teacher forcing needs.</summary>
/// <param name="Inputs">(B, L), int64: the start symbol and the tokens</param>
/// <param name="Outputs">(B, L), int64: the tokens and the end symbol</param>
/// <param name="Mask">(B, L), 1 where a place counts</param>
internal readonly record struct TokenRows(Tensor Inputs, Tensor Outputs, Tensor Mask)
{
    public static TokenRows Of(IReadOnlyList<IReadOnlyList<int>> rows, int start, int end, int padding, Device device)
    {
        var length = SluPart.RoundUp(rows.Max(r => r.Count) + 1);
        var (inputs, outputs, mask) = (new long[rows.Count * length], new long[rows.Count * length], new float[rows.Count * length]);
        Array.Fill(inputs, padding);
        Array.Fill(outputs, padding);
        for (var b = 0; b < rows.Count; b++)
        {
            var at = b * length;
            inputs[at] = start;
            for (var i = 0; i < rows[b].Count; i++)
            {
                inputs[at + i + 1] = outputs[at + i] = rows[b][i];
            }
            outputs[at + rows[b].Count] = end;
            Array.Fill(mask, 1f, at, rows[b].Count + 1);
        }
        long[] shape = [rows.Count, length];
        return new TokenRows(tensor(inputs, shape).to(device), tensor(outputs, shape).to(device), tensor(mask, shape).to(device));
    }
}
