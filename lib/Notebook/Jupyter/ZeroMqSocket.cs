namespace Retort.Notebook;

/// <summary>One bound socket. Used by one thread at a time.</summary>
internal sealed unsafe class ZeroMqSocket : IDisposable
{
    // zmq_msg_t
    private const int FrameBytes = 64;

    // A message has a handful of frames; more is an attempt to fill the memory.
    private const int MaximumFrames = 64;

    private readonly nint _socket;

    /// <param name="context">The process's context.</param>
    /// <param name="kind">Publish, Reply or Router.</param>
    /// <param name="address">Where it listens.</param>
    public ZeroMqSocket(nint context, int kind, string address)
    {
        _socket = ZeroMq.Socket(context, kind);
        if (_socket == 0)
        {
            throw ZeroMq.Failure("zmq_socket");
        }
        Set(ZeroMq.Linger, 1000);
        Set(ZeroMq.ReceiveTimeout, 100);
        // A front end that does not read must not fill our memory for ever: 20,000 messages wait, then the oldest connection loses.
        Set(ZeroMq.SendHighWater, 20_000);
        long largest = 256L << 20;
        ZeroMq.SetOption(_socket, ZeroMq.MaximumMessage, &largest, sizeof(long));
        if (ZeroMq.Bind(_socket, address) != 0)
        {
            throw ZeroMq.Failure($"zmq_bind {address}");
        }
    }

    /// <summary>A message's frames; null if none came for a moment, or, without waiting, if none is there.</summary>
    public List<byte[]>? Receive(bool wait = true)
    {
        var frames = new List<byte[]>();
        var frame = stackalloc byte[FrameBytes];
        bool more = true;
        while (more)
        {
            ZeroMq.InitFrame(frame);
            if (ZeroMq.ReceiveFrame(frame, _socket, wait ? 0 : ZeroMq.DoNotWait) < 0)
            {
                int error = ZeroMq.Error();
                ZeroMq.CloseFrame(frame);
                if (error is ZeroMq.TryAgain or ZeroMq.Interrupted or ZeroMq.Terminated)
                {
                    return null;
                }
                throw ZeroMq.Failure("zmq_msg_recv");
            }
            if (frames.Count < MaximumFrames)
            {
                frames.Add(new ReadOnlySpan<byte>(ZeroMq.FrameData(frame), checked((int)ZeroMq.FrameSize(frame))).ToArray());
            }
            more = ZeroMq.FrameMore(frame) != 0;
            ZeroMq.CloseFrame(frame);
        }
        return frames;
    }

    public void Send(IReadOnlyList<byte[]> frames)
    {
        for (int index = 0; index < frames.Count; index++)
        {
            fixed (byte* data = frames[index])
            {
                int flags = index < frames.Count - 1 ? ZeroMq.SendMore : 0;
                while (ZeroMq.Send(_socket, data, (nuint)frames[index].Length, flags) < 0)
                {
                    if (ZeroMq.Error() != ZeroMq.Interrupted)
                    {
                        throw ZeroMq.Failure("zmq_send");
                    }
                }
            }
        }
    }

    public void Dispose() => ZeroMq.Close(_socket);

    private void Set(int option, int value) => ZeroMq.SetOption(_socket, option, &value, sizeof(int));
}
