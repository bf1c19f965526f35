namespace TorchSharp;

// Operators and conversions.
public static partial class torch
{
    public partial class Tensor
    {
        public static Tensor operator +(Tensor left, Tensor right) => Aten.add_Tensor.Call(left, right);
        public static Tensor operator +(Tensor left, Scalar right) => Aten.add_Scalar.Call(left, right);
        public static Tensor operator +(Tensor left, int right) => Aten.add_Scalar.Call(left, right);
        public static Tensor operator +(Tensor left, long right) => Aten.add_Scalar.Call(left, right);
        public static Tensor operator +(Tensor left, float right) => Aten.add_Scalar.Call(left, right);
        public static Tensor operator +(Tensor left, double right) => Aten.add_Scalar.Call(left, right);
        public static Tensor operator +(Scalar left, Tensor right) => Aten.add_Scalar.Call(right, left);
        public static Tensor operator +(int left, Tensor right) => Aten.add_Scalar.Call(right, left);
        public static Tensor operator +(long left, Tensor right) => Aten.add_Scalar.Call(right, left);
        public static Tensor operator +(float left, Tensor right) => Aten.add_Scalar.Call(right, left);
        public static Tensor operator +(double left, Tensor right) => Aten.add_Scalar.Call(right, left);
        public static Tensor operator -(Tensor left, Tensor right) => Aten.sub_Tensor.Call(left, right);
        public static Tensor operator -(Tensor left, Scalar right) => Aten.sub_Scalar.Call(left, right);
        public static Tensor operator -(Tensor left, int right) => Aten.sub_Scalar.Call(left, right);
        public static Tensor operator -(Tensor left, long right) => Aten.sub_Scalar.Call(left, right);
        public static Tensor operator -(Tensor left, float right) => Aten.sub_Scalar.Call(left, right);
        public static Tensor operator -(Tensor left, double right) => Aten.sub_Scalar.Call(left, right);
        public static Tensor operator -(Scalar left, Tensor right) => Aten.rsub_Scalar.Call(right, left);
        public static Tensor operator -(int left, Tensor right) => Aten.rsub_Scalar.Call(right, left);
        public static Tensor operator -(long left, Tensor right) => Aten.rsub_Scalar.Call(right, left);
        public static Tensor operator -(float left, Tensor right) => Aten.rsub_Scalar.Call(right, left);
        public static Tensor operator -(double left, Tensor right) => Aten.rsub_Scalar.Call(right, left);
        public static Tensor operator *(Tensor left, Tensor right) => Aten.mul_Tensor.Call(left, right);
        public static Tensor operator *(Tensor left, Scalar right) => Aten.mul_Scalar.Call(left, right);
        public static Tensor operator *(Tensor left, int right) => Aten.mul_Scalar.Call(left, right);
        public static Tensor operator *(Tensor left, long right) => Aten.mul_Scalar.Call(left, right);
        public static Tensor operator *(Tensor left, float right) => Aten.mul_Scalar.Call(left, right);
        public static Tensor operator *(Tensor left, double right) => Aten.mul_Scalar.Call(left, right);
        public static Tensor operator *(Scalar left, Tensor right) => Aten.mul_Scalar.Call(right, left);
        public static Tensor operator *(int left, Tensor right) => Aten.mul_Scalar.Call(right, left);
        public static Tensor operator *(long left, Tensor right) => Aten.mul_Scalar.Call(right, left);
        public static Tensor operator *(float left, Tensor right) => Aten.mul_Scalar.Call(right, left);
        public static Tensor operator *(double left, Tensor right) => Aten.mul_Scalar.Call(right, left);
        public static Tensor operator /(Tensor left, Tensor right) => Aten.div_Tensor.Call(left, right);
        public static Tensor operator /(Tensor left, Scalar right) => Aten.div_Scalar.Call(left, right);
        public static Tensor operator /(Tensor left, int right) => Aten.div_Scalar.Call(left, right);
        public static Tensor operator /(Tensor left, long right) => Aten.div_Scalar.Call(left, right);
        public static Tensor operator /(Tensor left, float right) => Aten.div_Scalar.Call(left, right);
        public static Tensor operator /(Tensor left, double right) => Aten.div_Scalar.Call(left, right);
        public static Tensor operator /(Scalar left, Tensor right) => DivideInto(left, right);
        public static Tensor operator /(int left, Tensor right) => DivideInto(left, right);
        public static Tensor operator /(long left, Tensor right) => DivideInto(left, right);
        public static Tensor operator /(float left, Tensor right) => DivideInto(left, right);
        public static Tensor operator /(double left, Tensor right) => DivideInto(left, right);
        public static Tensor operator %(Tensor left, Tensor right) => Aten.remainder_Tensor.Call(left, right);
        public static Tensor operator %(Tensor left, Scalar right) => Aten.remainder_Scalar.Call(left, right);
        public static Tensor operator %(Tensor left, int right) => Aten.remainder_Scalar.Call(left, right);
        public static Tensor operator %(Tensor left, long right) => Aten.remainder_Scalar.Call(left, right);
        public static Tensor operator %(Tensor left, float right) => Aten.remainder_Scalar.Call(left, right);
        public static Tensor operator %(Tensor left, double right) => Aten.remainder_Scalar.Call(left, right);
        public static Tensor operator -(Tensor tensor) => Aten.neg.Call(tensor);
        public static Tensor operator ~(Tensor left) => Aten.bitwise_not.Call(left);
        public static Tensor operator &(Tensor left, Tensor right) => Aten.bitwise_and_Tensor.Call(left, right);
        public static Tensor operator |(Tensor left, Tensor right) => Aten.bitwise_or_Tensor.Call(left, right);
        public static Tensor operator ^(Tensor left, Tensor right) => Aten.bitwise_xor_Tensor.Call(left, right);
        public static Tensor operator ==(Tensor left, Tensor right) => Aten.eq_Tensor.Call(left, right);
        public static Tensor operator ==(Tensor left, Scalar right) => Aten.eq_Scalar.Call(left, right);
        public static Tensor operator ==(Scalar left, Tensor right) => Aten.eq_Scalar.Call(right, left);
        public static Tensor operator !=(Tensor left, Tensor right) => Aten.ne_Tensor.Call(left, right);
        public static Tensor operator !=(Tensor left, Scalar right) => Aten.ne_Scalar.Call(left, right);
        public static Tensor operator !=(Scalar left, Tensor right) => Aten.ne_Scalar.Call(right, left);
        public static Tensor operator <(Tensor left, Tensor right) => Aten.lt_Tensor.Call(left, right);
        public static Tensor operator <(Tensor left, Scalar right) => Aten.lt_Scalar.Call(left, right);
        public static Tensor operator <(Scalar left, Tensor right) => Aten.gt_Scalar.Call(right, left);
        public static Tensor operator >(Tensor left, Tensor right) => Aten.gt_Tensor.Call(left, right);
        public static Tensor operator >(Tensor left, Scalar right) => Aten.gt_Scalar.Call(left, right);
        public static Tensor operator >(Scalar left, Tensor right) => Aten.lt_Scalar.Call(right, left);
        public static Tensor operator <=(Tensor left, Tensor right) => Aten.le_Tensor.Call(left, right);
        public static Tensor operator <=(Tensor left, Scalar right) => Aten.le_Scalar.Call(left, right);
        public static Tensor operator <=(Scalar left, Tensor right) => Aten.ge_Scalar.Call(right, left);
        public static Tensor operator >=(Tensor left, Tensor right) => Aten.ge_Tensor.Call(left, right);
        public static Tensor operator >=(Tensor left, Scalar right) => Aten.ge_Scalar.Call(left, right);
        public static Tensor operator >=(Scalar left, Tensor right) => Aten.le_Scalar.Call(right, left);

        public static implicit operator Tensor(byte value) => tensor(value);
        public static implicit operator Tensor(sbyte value) => tensor(value);
        public static implicit operator Tensor(short value) => tensor(value);
        public static implicit operator Tensor(int value) => tensor(value);
        public static implicit operator Tensor(long value) => tensor(value);
        public static implicit operator Tensor(float value) => tensor(value);
        public static implicit operator Tensor(double value) => tensor(value);
        public static implicit operator Tensor(bool value) => tensor(value);
        public static implicit operator Tensor((float, float) value) => tensor(value);
        public static implicit operator Tensor(System.Numerics.Complex value) => tensor(value);
        public static implicit operator Tensor(byte[] value) => tensor(value);
        public static implicit operator Tensor(sbyte[] value) => tensor(value);
        public static implicit operator Tensor(short[] value) => tensor(value);
        public static implicit operator Tensor(int[] value) => tensor(value);
        public static implicit operator Tensor(long[] value) => tensor(value);
        public static implicit operator Tensor(float[] value) => tensor(value);
        public static implicit operator Tensor(double[] value) => tensor(value);
        public static implicit operator Tensor(bool[] value) => tensor(value);
        public static implicit operator Tensor((float, float)[] value) => tensor(value);
        public static implicit operator Tensor(System.Numerics.Complex[] value) => tensor(value);

        /// <summary>It only guides the compiler's choice among overloads, as in TorchSharp: a scalar becomes a tensor by <c>torch.tensor</c>.</summary>
        public static implicit operator Tensor(Scalar scalar) => throw new InvalidOperationException("a Scalar does not turn into a Tensor by itself; write torch.tensor(...)");

        internal static Tensor Of(Scalar scalar) => Aten.scalar_tensor.Call(scalar, scalar.Type == ScalarType.Float64 ? get_default_dtype() : scalar.Type);

        public static explicit operator float(Tensor value) => value.ToSingle();
        public static explicit operator double(Tensor value) => value.ToDouble();
        public static explicit operator sbyte(Tensor value) => value.ToSByte();
        public static explicit operator byte(Tensor value) => value.ToByte();
        public static explicit operator short(Tensor value) => value.ToInt16();
        public static explicit operator int(Tensor value) => value.ToInt32();
        public static explicit operator long(Tensor value) => value.ToInt64();
        public static explicit operator bool(Tensor value) => value.ToBoolean();

        private static Tensor DivideInto(Arg left, Tensor right)
        {
            using Tensor inverse = Aten.reciprocal.Call(right);
            return Aten.mul_Scalar.Call(inverse, left);
        }
    }
}

internal static partial class Aten
{
    internal static readonly Op rsub_Scalar = new("aten::rsub", "Scalar");
    internal static readonly Op scalar_tensor = new("aten::scalar_tensor");
    internal static readonly Op div_Scalar = new("aten::div", "Scalar");
    internal static readonly Op div_Tensor = new("aten::div", "Tensor");
}
