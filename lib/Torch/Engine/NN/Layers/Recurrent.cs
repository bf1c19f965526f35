// Recurrent layers. Parameters are named as PyTorch's: weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0, then the same
// with _reverse, then the next layer.

using static TorchSharp.torch;
using static TorchSharp.torch.nn.utils.rnn;

namespace TorchSharp.Modules;

/// <summary>What RNN, GRU and LSTM share: their parameters, and the zeros they begin with.</summary>
internal sealed class RecurrentWeights
{
    internal readonly long Hidden;
    internal readonly long Layers;
    internal readonly bool HasBias;
    internal readonly bool BatchFirst;
    internal readonly double Dropout;
    internal readonly bool Bidirectional;
    private readonly Tensor[] flat;

    internal RecurrentWeights(Action<string, Parameter> register, int gates, long inputSize, long hiddenSize, long numLayers, bool bias, bool batchFirst, double dropout, bool bidirectional, Device? device, ScalarType? dtype)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(numLayers, 1);
        if (dropout is < 0 or > 1)
        {
            throw new ArgumentOutOfRangeException(nameof(dropout), dropout, "a dropout probability lies between 0 and 1");
        }
        Hidden = hiddenSize;
        Layers = numLayers;
        HasBias = bias;
        BatchFirst = batchFirst;
        Dropout = dropout;
        Bidirectional = bidirectional;
        var all = new List<Tensor>();
        var directions = bidirectional ? 2 : 1;
        for (var layer = 0; layer < numLayers; layer++)
        {
            for (var direction = 0; direction < directions; direction++)
            {
                var suffix = $"_l{layer}{(direction == 1 ? "_reverse" : "")}";
                var input = layer == 0 ? inputSize : hiddenSize * directions;
                Add("weight_ih" + suffix, [gates * hiddenSize, input]);
                Add("weight_hh" + suffix, [gates * hiddenSize, hiddenSize]);
                if (bias)
                {
                    Add("bias_ih" + suffix, [gates * hiddenSize]);
                    Add("bias_hh" + suffix, [gates * hiddenSize]);
                }
            }
        }
        flat = [.. all];

        void Add(string name, long[] shape)
        {
            var parameter = Fresh.Uniform(shape, hiddenSize, device, dtype);
            register(name, parameter);
            all.Add(parameter);
        }
    }

    internal Tensor[] Flat => flat;

    internal Parameter At(long layer, int place) => (Parameter)flat[layer * (HasBias ? 4 : 2) * (Bidirectional ? 2 : 1) + place];

    /// <summary>Zeros of (layers * directions, N, hidden), or without N for an input without a batch.</summary>
    internal Tensor Start(Tensor input)
    {
        var states = Layers * (Bidirectional ? 2 : 1);
        return input.dim() == 2
            ? zeros([states, Hidden], dtype: input.dtype, device: input.device)
            : zeros([states, input.shape[BatchFirst ? 0 : 1], Hidden], dtype: input.dtype, device: input.device);
    }

    internal Tensor Start(PackedSequence input) => zeros([Layers * (Bidirectional ? 2 : 1), (long)input.batch_sizes[0].item<long>(), Hidden],
        dtype: input.data.dtype, device: input.data.device);

    /// <summary>Runs without a batch axis too, which ATen's operators do not take.</summary>
    internal (Tensor, Tensor) Run(Op op, Tensor input, Tensor? start, bool training)
    {
        using var scope = NewDisposeScope();
        var single = input.dim() == 2;
        var h = start ?? Start(input);
        if (single)
        {
            input = Aten.unsqueeze.Call(input, BatchFirst ? 0 : 1);
            h = Aten.unsqueeze.Call(h, 1);
        }
        var (output, last) = op.Call2(input, h, flat, HasBias, Layers, Dropout, training, Bidirectional, BatchFirst);
        if (single)
        {
            output = Aten.squeeze_dim.Call(output, BatchFirst ? 0 : 1);
            last = Aten.squeeze_dim.Call(last, 1);
        }
        return (output.MoveToOuterDisposeScope(), last.MoveToOuterDisposeScope());
    }

    internal (PackedSequence, Tensor) Run(Op op, PackedSequence input, Tensor? start, bool training)
    {
        using var scope = NewDisposeScope();
        var h = input.Sorted(start) ?? Start(input);
        var (output, last) = op.Call2(input.data, input.batch_sizes, h, flat, HasBias, Layers, Dropout, training, Bidirectional);
        return (input.With(output).MoveToOuterDisposeScope(), input.Unsorted(last).MoveToOuterDisposeScope());
    }
}

public sealed class RNN : nn.Module<Tensor, Tensor, (Tensor, Tensor)>
{
    private readonly RecurrentWeights weights;
    private readonly bool relu;

    internal RNN(long inputSize, long hiddenSize, long numLayers, nn.NonLinearities nonLinearity, bool bias, bool batchFirst, double dropout, bool bidirectional, Device? device, ScalarType? dtype) : base(nameof(RNN))
    {
        weights = new RecurrentWeights(register_parameter, 1, inputSize, hiddenSize, numLayers, bias, batchFirst, dropout, bidirectional, device, dtype);
        relu = nonLinearity == nn.NonLinearities.ReLU;
    }

    public override (Tensor, Tensor) forward(Tensor input, Tensor? h0) => weights.Run(relu ? Aten.rnn_relu_input : Aten.rnn_tanh_input, input, h0, training);

    public new (Tensor, Tensor) call(Tensor input, Tensor? h0 = null) => base.call(input, h0!);

    public (PackedSequence, Tensor) call(PackedSequence input, Tensor? h0 = null) =>
        weights.Run(relu ? Aten.rnn_relu_data : Aten.rnn_tanh_data, input, h0, training);

    /// <summary>Nothing to do: the parameters are handed over one by one at each call.</summary>
    public void flatten_parameters() { }

    public Parameter get_weight_ih(long idx) => weights.At(idx, 0);
    public Parameter get_weight_hh(long idx) => weights.At(idx, 1);
    public Parameter? get_bias_ih(long idx) => weights.HasBias ? weights.At(idx, 2) : null;
    public Parameter? get_bias_hh(long idx) => weights.HasBias ? weights.At(idx, 3) : null;
}

public sealed class GRU : nn.Module<Tensor, Tensor, (Tensor, Tensor)>
{
    private readonly RecurrentWeights weights;

    internal GRU(long inputSize, long hiddenSize, long numLayers, bool bias, bool batchFirst, double dropout, bool bidirectional, Device? device, ScalarType? dtype) : base(nameof(GRU)) =>
        weights = new RecurrentWeights(register_parameter, 3, inputSize, hiddenSize, numLayers, bias, batchFirst, dropout, bidirectional, device, dtype);

    public override (Tensor, Tensor) forward(Tensor input, Tensor? h0 = null) => weights.Run(Aten.gru_input, input, h0, training);

    public new (Tensor, Tensor) call(Tensor input, Tensor? h0 = null) => base.call(input, h0!);

    public (PackedSequence, Tensor) call(PackedSequence input, Tensor? h0 = null) => weights.Run(Aten.gru_data, input, h0, training);

    /// <summary>Nothing to do: the parameters are handed over one by one at each call.</summary>
    public void flatten_parameters() { }
}

public sealed class LSTM : nn.Module<Tensor, (Tensor, Tensor)?, (Tensor, Tensor, Tensor)>
{
    private readonly RecurrentWeights weights;

    internal LSTM(long inputSize, long hiddenSize, long numLayers, bool bias, bool batchFirst, double dropout, bool bidirectional, Device? device, ScalarType? dtype) : base(nameof(LSTM)) =>
        weights = new RecurrentWeights(register_parameter, 4, inputSize, hiddenSize, numLayers, bias, batchFirst, dropout, bidirectional, device, dtype);

    /// <summary>The outputs, the last hidden state and the last cell state.</summary>
    public override (Tensor, Tensor, Tensor) forward(Tensor input, (Tensor, Tensor)? h0_c0 = null)
    {
        using var scope = NewDisposeScope();
        var single = input.dim() == 2;
        var (h, c) = h0_c0 ?? (weights.Start(input), weights.Start(input));
        var axis = weights.BatchFirst ? 0 : 1;
        if (single)
        {
            input = Aten.unsqueeze.Call(input, axis);
            h = Aten.unsqueeze.Call(h, 1);
            c = Aten.unsqueeze.Call(c, 1);
        }
        var (output, lastH, lastC) = Aten.lstm_input.Call3(input, (Tensor[])[h, c], weights.Flat, weights.HasBias, weights.Layers,
            weights.Dropout, training, weights.Bidirectional, weights.BatchFirst);
        if (single)
        {
            output = Aten.squeeze_dim.Call(output, axis);
            lastH = Aten.squeeze_dim.Call(lastH, 1);
            lastC = Aten.squeeze_dim.Call(lastC, 1);
        }
        return (output.MoveToOuterDisposeScope(), lastH.MoveToOuterDisposeScope(), lastC.MoveToOuterDisposeScope());
    }

    public new (Tensor, Tensor, Tensor) call(Tensor input, (Tensor, Tensor)? h0_c0 = null) => base.call(input, h0_c0);

    public (PackedSequence, Tensor, Tensor) call(PackedSequence input, (Tensor, Tensor)? h0_c0 = null)
    {
        using var scope = NewDisposeScope();
        var h = input.Sorted(h0_c0?.Item1) ?? weights.Start(input);
        var c = input.Sorted(h0_c0?.Item2) ?? weights.Start(input);
        var (output, lastH, lastC) = Aten.lstm_data.Call3(input.data, input.batch_sizes, (Tensor[])[h, c], weights.Flat,
            weights.HasBias, weights.Layers, weights.Dropout, training, weights.Bidirectional);
        return (input.With(output).MoveToOuterDisposeScope(), input.Unsorted(lastH).MoveToOuterDisposeScope(), input.Unsorted(lastC).MoveToOuterDisposeScope());
    }

    /// <summary>Nothing to do: the parameters are handed over one by one at each call.</summary>
    public void flatten_parameters() { }
}
