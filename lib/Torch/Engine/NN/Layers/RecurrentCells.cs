// One step of a recurrent layer.

using static TorchSharp.torch;

namespace TorchSharp.Modules;

public sealed class RNNCell : nn.Module<Tensor, Tensor, Tensor>
{
    private readonly long hidden;
    private readonly bool relu;
    private Parameter? _weight_ih;
    private Parameter? _weight_hh;
    private Parameter? _bias_ih;
    private Parameter? _bias_hh;

    internal RNNCell(long inputSize, long hiddenSize, nn.NonLinearities nonLinearity, bool bias, Device? device, ScalarType? dtype) : base(nameof(RNNCell))
    {
        hidden = hiddenSize;
        relu = nonLinearity == nn.NonLinearities.ReLU;
        weight_ih = Fresh.Uniform([hiddenSize, inputSize], hiddenSize, device, dtype);
        weight_hh = Fresh.Uniform([hiddenSize, hiddenSize], hiddenSize, device, dtype);
        if (bias)
        {
            bias_ih = Fresh.Uniform([hiddenSize], hiddenSize, device, dtype);
            bias_hh = Fresh.Uniform([hiddenSize], hiddenSize, device, dtype);
        }
    }

    public Parameter weight_ih
    {
        get => _weight_ih!;
        set => Fresh.Put(ref _weight_ih, value, nameof(weight_ih), ConditionallyRegisterParameter);
    }

    public Parameter weight_hh
    {
        get => _weight_hh!;
        set => Fresh.Put(ref _weight_hh, value, nameof(weight_hh), ConditionallyRegisterParameter);
    }

    public Parameter? bias_ih
    {
        get => _bias_ih;
        set => Fresh.Put(ref _bias_ih, value, nameof(bias_ih), ConditionallyRegisterParameter);
    }

    public Parameter? bias_hh
    {
        get => _bias_hh;
        set => Fresh.Put(ref _bias_hh, value, nameof(bias_hh), ConditionallyRegisterParameter);
    }

    public override Tensor forward(Tensor input, Tensor? h0 = null)
    {
        if (h0 is not null)
        {
            return (relu ? Aten.rnn_relu_cell : Aten.rnn_tanh_cell).Call(input, h0, _weight_ih, _weight_hh, _bias_ih, _bias_hh);
        }
        using var start = CellStart.Of(input, hidden);
        return (relu ? Aten.rnn_relu_cell : Aten.rnn_tanh_cell).Call(input, start, _weight_ih, _weight_hh, _bias_ih, _bias_hh);
    }
}

public sealed class GRUCell : nn.Module<Tensor, Tensor, Tensor>
{
    private readonly long hidden;
    private Parameter? _weight_ih;
    private Parameter? _weight_hh;
    private Parameter? _bias_ih;
    private Parameter? _bias_hh;

    internal GRUCell(long inputSize, long hiddenSize, bool bias, Device? device, ScalarType? dtype) : base(nameof(GRUCell))
    {
        hidden = hiddenSize;
        weight_ih = Fresh.Uniform([3 * hiddenSize, inputSize], hiddenSize, device, dtype);
        weight_hh = Fresh.Uniform([3 * hiddenSize, hiddenSize], hiddenSize, device, dtype);
        if (bias)
        {
            bias_ih = Fresh.Uniform([3 * hiddenSize], hiddenSize, device, dtype);
            bias_hh = Fresh.Uniform([3 * hiddenSize], hiddenSize, device, dtype);
        }
    }

    public Parameter weight_ih
    {
        get => _weight_ih!;
        set => Fresh.Put(ref _weight_ih, value, nameof(weight_ih), ConditionallyRegisterParameter);
    }

    public Parameter weight_hh
    {
        get => _weight_hh!;
        set => Fresh.Put(ref _weight_hh, value, nameof(weight_hh), ConditionallyRegisterParameter);
    }

    public Parameter? bias_ih
    {
        get => _bias_ih;
        set => Fresh.Put(ref _bias_ih, value, nameof(bias_ih), ConditionallyRegisterParameter);
    }

    public Parameter? bias_hh
    {
        get => _bias_hh;
        set => Fresh.Put(ref _bias_hh, value, nameof(bias_hh), ConditionallyRegisterParameter);
    }

    public override Tensor forward(Tensor input, Tensor? h0 = null)
    {
        if (h0 is not null)
        {
            return Aten.gru_cell.Call(input, h0, _weight_ih, _weight_hh, _bias_ih, _bias_hh);
        }
        using var start = CellStart.Of(input, hidden);
        return Aten.gru_cell.Call(input, start, _weight_ih, _weight_hh, _bias_ih, _bias_hh);
    }
}

public sealed class LSTMCell : nn.Module<Tensor, (Tensor, Tensor)?, (Tensor, Tensor)>
{
    private readonly long hidden;
    private Parameter? _weight_ih;
    private Parameter? _weight_hh;
    private Parameter? _bias_ih;
    private Parameter? _bias_hh;

    internal LSTMCell(long inputSize, long hiddenSize, bool bias, Device? device, ScalarType? dtype) : base(nameof(LSTMCell))
    {
        hidden = hiddenSize;
        weight_ih = Fresh.Uniform([4 * hiddenSize, inputSize], hiddenSize, device, dtype);
        weight_hh = Fresh.Uniform([4 * hiddenSize, hiddenSize], hiddenSize, device, dtype);
        if (bias)
        {
            bias_ih = Fresh.Uniform([4 * hiddenSize], hiddenSize, device, dtype);
            bias_hh = Fresh.Uniform([4 * hiddenSize], hiddenSize, device, dtype);
        }
    }

    public Parameter weight_ih
    {
        get => _weight_ih!;
        set => Fresh.Put(ref _weight_ih, value, nameof(weight_ih), ConditionallyRegisterParameter);
    }

    public Parameter weight_hh
    {
        get => _weight_hh!;
        set => Fresh.Put(ref _weight_hh, value, nameof(weight_hh), ConditionallyRegisterParameter);
    }

    public Parameter? bias_ih
    {
        get => _bias_ih;
        set => Fresh.Put(ref _bias_ih, value, nameof(bias_ih), ConditionallyRegisterParameter);
    }

    public Parameter? bias_hh
    {
        get => _bias_hh;
        set => Fresh.Put(ref _bias_hh, value, nameof(bias_hh), ConditionallyRegisterParameter);
    }

    /// <summary>The new hidden state and the new cell state.</summary>
    public override (Tensor, Tensor) forward(Tensor input, (Tensor, Tensor)? h0_c0)
    {
        if (h0_c0 is { } given)
        {
            return Aten.lstm_cell.Call2(input, (Tensor[])[given.Item1, given.Item2], _weight_ih, _weight_hh, _bias_ih, _bias_hh);
        }
        using var start = CellStart.Of(input, hidden);
        return Aten.lstm_cell.Call2(input, (Tensor[])[start, start], _weight_ih, _weight_hh, _bias_ih, _bias_hh);
    }

    public new (Tensor, Tensor) call(Tensor input, (Tensor, Tensor)? h0_c0 = null) => base.call(input, h0_c0);
}

internal static class CellStart
{
    /// <summary>Zeros of (N, hidden), or of (hidden) for one sample.</summary>
    internal static Tensor Of(Tensor input, long hidden) =>
        zeros(input.dim() == 1 ? [hidden] : [input.shape[0], hidden], dtype: input.dtype, device: input.device);
}
