namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>
        /// Lets this object stand for another tensor, whose own object becomes invalid. So a parameter keeps its identity
        /// (in fields, optimizers and tied modules) when its module moves to another type or device.
        /// </summary>
        internal void BecomeSameAs(Tensor other)
        {
            var former = Interlocked.Exchange(ref handle, other.DecoupleFromNativeHandle());
            if (former != 0)
            {
                Door.Free(former);
            }
            // Decoupling counted one tensor less; this one is still alive, and the freed one is gone.
        }
    }
}
