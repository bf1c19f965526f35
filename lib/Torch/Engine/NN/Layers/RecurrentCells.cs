// One step of a recurrent layer.

using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>The weights of a cell: of the input and of the hidden state, each for all gates in one matrix, and their biases.</summary>
internal sealed class CellWeights
{
    internal const int Input = 0, Hidden = 1, InputBias = 2, HiddenBias = 3;
    private static readonly string[] names = ["weight_ih", "weight_hh", "bias_ih", "bias_hh"];
    private readonly Parameter?[] all = new Parameter?[4];
    private readonly Action<string, Parameter> register;
    private readonly long hidden;

    internal CellWeights(Action<string, Parameter> register, int gates, long input, long hidden, bool bias, Device? device, ScalarType? dtype)
    {
        (this.register, this.hidden) = (register, hidden);
        this[Input] = Fresh.Uniform([gates * hidden, input], hidden, device, dtype);
        this[Hidden] = Fresh.Uniform([gates * hidden, hidden], hidden, device, dtype);
        if (bias)
        {
            this[InputBias] = Fresh.Uniform([gates * hidden], hidden, device, dtype);
            this[HiddenBias] = Fresh.Uniform([gates * hidden], hidden, device, dtype);
        }
    }

    internal Parameter? this[int which]
    {
        get => all[which];
        set => Fresh.Put(ref all[which], value, names[which], register);
    }

    /// <summary>One step of a cell with one state; without a state from zeros.</summary>
    internal Tensor Step(Op op, Tensor input, Tensor? state)
    {
        if (state is not null)
        {
            return op.Call(input, state, all[0], all[1], all[2], all[3]);
        }
        using var start = Start(input);
        return op.Call(input, start, all[0], all[1], all[2], all[3]);
    }

    /// <summary>As the other, with a hidden state and a cell state.</summary>
    internal (Tensor, Tensor) Step(Op op, Tensor input, (Tensor, Tensor)? states)
    {
        if (states is { } given)
        {
            return op.Call2(input, (Tensor[])[given.Item1, given.Item2], all[0], all[1], all[2], all[3]);
        }
        using var start = Start(input);
        return op.Call2(input, (Tensor[])[start, start], all[0], all[1], all[2], all[3]);
    }

    /// <summary>Zeros of (N, hidden), or of (hidden) for one sample.</summary>
    private Tensor Start(Tensor input) => zeros(input.dim() == 1 ? [hidden] : [input.shape[0], hidden], dtype: input.dtype, device: input.device);
}

public sealed class RNNCell : nn.Module<Tensor, Tensor, Tensor>
{
    private readonly CellWeights weights;
    private readonly bool relu;

    internal RNNCell(long inputSize, long hiddenSize, nn.NonLinearities nonLinearity, bool bias, Device? device, ScalarType? dtype) : base(nameof(RNNCell))
    {
        weights = new CellWeights(ConditionallyRegisterParameter, 1, inputSize, hiddenSize, bias, device, dtype);
        relu = nonLinearity == nn.NonLinearities.ReLU;
    }

    public Parameter weight_ih { get => weights[CellWeights.Input]!; set => weights[CellWeights.Input] = value; }
    public Parameter weight_hh { get => weights[CellWeights.Hidden]!; set => weights[CellWeights.Hidden] = value; }
    public Parameter? bias_ih { get => weights[CellWeights.InputBias]; set => weights[CellWeights.InputBias] = value; }
    public Parameter? bias_hh { get => weights[CellWeights.HiddenBias]; set => weights[CellWeights.HiddenBias] = value; }

    public override Tensor forward(Tensor input, Tensor? h0 = null) => weights.Step(relu ? Aten.rnn_relu_cell : Aten.rnn_tanh_cell, input, h0);
}

public sealed class GRUCell : nn.Module<Tensor, Tensor, Tensor>
{
    private readonly CellWeights weights;

    internal GRUCell(long inputSize, long hiddenSize, bool bias, Device? device, ScalarType? dtype) : base(nameof(GRUCell)) =>
        weights = new CellWeights(ConditionallyRegisterParameter, 3, inputSize, hiddenSize, bias, device, dtype);

    public Parameter weight_ih { get => weights[CellWeights.Input]!; set => weights[CellWeights.Input] = value; }
    public Parameter weight_hh { get => weights[CellWeights.Hidden]!; set => weights[CellWeights.Hidden] = value; }
    public Parameter? bias_ih { get => weights[CellWeights.InputBias]; set => weights[CellWeights.InputBias] = value; }
    public Parameter? bias_hh { get => weights[CellWeights.HiddenBias]; set => weights[CellWeights.HiddenBias] = value; }

    public override Tensor forward(Tensor input, Tensor? h0 = null) => weights.Step(Aten.gru_cell, input, h0);
}

public sealed class LSTMCell : nn.Module<Tensor, (Tensor, Tensor)?, (Tensor, Tensor)>
{
    private readonly CellWeights weights;

    internal LSTMCell(long inputSize, long hiddenSize, bool bias, Device? device, ScalarType? dtype) : base(nameof(LSTMCell)) =>
        weights = new CellWeights(ConditionallyRegisterParameter, 4, inputSize, hiddenSize, bias, device, dtype);

    public Parameter weight_ih { get => weights[CellWeights.Input]!; set => weights[CellWeights.Input] = value; }
    public Parameter weight_hh { get => weights[CellWeights.Hidden]!; set => weights[CellWeights.Hidden] = value; }
    public Parameter? bias_ih { get => weights[CellWeights.InputBias]; set => weights[CellWeights.InputBias] = value; }
    public Parameter? bias_hh { get => weights[CellWeights.HiddenBias]; set => weights[CellWeights.HiddenBias] = value; }

    /// <summary>The new hidden state and the new cell state.</summary>
    public override (Tensor, Tensor) forward(Tensor input, (Tensor, Tensor)? h0_c0) => weights.Step(Aten.lstm_cell, input, h0_c0);

    public new (Tensor, Tensor) call(Tensor input, (Tensor, Tensor)? h0_c0 = null) => base.call(input, h0_c0);
}
