using System.Runtime.InteropServices;

namespace Retort.Notebook;

/// <summary>The calls of the system's libzmq (Debian's libzmq5) that a kernel needs.</summary>
internal static unsafe partial class ZeroMq
{
    public const int Publish = 1;
    public const int Reply = 4;
    public const int Router = 6;

    public const int Linger = 17;
    public const int MaximumMessage = 22;
    public const int ReceiveTimeout = 27;
    public const int SendHighWater = 23;

    public const int DoNotWait = 1;
    public const int SendMore = 2;

    public const int TryAgain = 11;
    public const int Interrupted = 4;
    public const int Terminated = 156384765;

    private const string Library = "libzmq.so.5";

    /// <summary>The library's version; an exception that says what to install where it is missing.</summary>
    public static Version Version()
    {
        try
        {
            int major, minor, patch;
            GetVersion(&major, &minor, &patch);
            return new Version(major, minor, patch);
        }
        catch (DllNotFoundException exception)
        {
            throw new NotebookException(Library, "", "is not installed; on Debian and Ubuntu: apt-get install libzmq5", exception);
        }
    }

    [LibraryImport(Library, EntryPoint = "zmq_version")]
    public static partial void GetVersion(int* major, int* minor, int* patch);

    [LibraryImport(Library, EntryPoint = "zmq_ctx_new")]
    public static partial nint NewContext();

    [LibraryImport(Library, EntryPoint = "zmq_ctx_term")]
    public static partial int Terminate(nint context);

    [LibraryImport(Library, EntryPoint = "zmq_socket")]
    public static partial nint Socket(nint context, int kind);

    [LibraryImport(Library, EntryPoint = "zmq_close")]
    public static partial int Close(nint socket);

    [LibraryImport(Library, EntryPoint = "zmq_setsockopt")]
    public static partial int SetOption(nint socket, int option, void* value, nuint length);

    [LibraryImport(Library, EntryPoint = "zmq_bind", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Bind(nint socket, string address);

    [LibraryImport(Library, EntryPoint = "zmq_send")]
    public static partial int Send(nint socket, byte* data, nuint length, int flags);

    [LibraryImport(Library, EntryPoint = "zmq_msg_init")]
    public static partial int InitFrame(byte* frame);

    [LibraryImport(Library, EntryPoint = "zmq_msg_recv")]
    public static partial int ReceiveFrame(byte* frame, nint socket, int flags);

    [LibraryImport(Library, EntryPoint = "zmq_msg_data")]
    public static partial byte* FrameData(byte* frame);

    [LibraryImport(Library, EntryPoint = "zmq_msg_size")]
    public static partial nuint FrameSize(byte* frame);

    [LibraryImport(Library, EntryPoint = "zmq_msg_more")]
    public static partial int FrameMore(byte* frame);

    [LibraryImport(Library, EntryPoint = "zmq_msg_close")]
    public static partial int CloseFrame(byte* frame);

    [LibraryImport(Library, EntryPoint = "zmq_errno")]
    public static partial int Error();

    [LibraryImport(Library, EntryPoint = "zmq_strerror")]
    public static partial nint ErrorText(int error);

    /// <summary>The last error as an exception.</summary>
    public static IOException Failure(string call)
    {
        int error = Error();
        return new IOException($"{call}: {Marshal.PtrToStringUTF8(ErrorText(error))}");
    }
}
