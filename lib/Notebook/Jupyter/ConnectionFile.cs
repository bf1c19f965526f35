using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Retort.Notebook;

/// <summary>What a client tells a kernel: where to listen, and the key that signs messages.</summary>
internal sealed record ConnectionFile(string Transport, string Address, int Shell, int Control, int Input, int Publish, int Heartbeat, string Key)
{
    /// <summary>Reads the file; refuses addresses that others can reach, and signatures that we do not make.</summary>
    public static ConnectionFile Read(string path)
    {
        JsonObject json;
        try
        {
            json = StrictJson.Parse(File.ReadAllText(path)) as JsonObject ?? throw new NotebookException(path, "", "expected a JSON object");
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new NotebookException(path, "", $"cannot be read: {exception.Message}", exception);
        }
        string Text(string name, string otherwise) => json[name] is JsonValue value && value.TryGetValue(out string? text) ? text : otherwise;
        int Port(string name) => json[name] is JsonValue value && value.TryGetValue(out int port) && port is > 0 and < 65536
            ? port
            : throw new NotebookException(path, name, "expected a port number");
        var transport = Text("transport", "tcp");
        var address = Text("ip", "127.0.0.1");
        var scheme = Text("signature_scheme", "hmac-sha256");
        if (scheme != "hmac-sha256")
        {
            throw new NotebookException(path, "signature_scheme", $"expected hmac-sha256, found '{scheme}'");
        }
        if (transport == "tcp" && !(address == "localhost" || (IPAddress.TryParse(address, out var ip) && IPAddress.IsLoopback(ip))))
        {
            throw new NotebookException(path, "ip", $"'{address}' is not this machine alone; the kernel runs any code it is sent and listens on loopback only");
        }
        if (transport is not ("tcp" or "ipc"))
        {
            throw new NotebookException(path, "transport", $"expected tcp or ipc, found '{transport}'");
        }
        return new ConnectionFile(
            transport,
            address == "localhost" ? "127.0.0.1" : address,
            Port("shell_port"), Port("control_port"), Port("stdin_port"), Port("iopub_port"), Port("hb_port"), Text("key", ""));
    }

    /// <summary>The address of a socket with this port.</summary>
    public string Endpoint(int port) => Transport == "ipc" ? $"ipc://{Address}-{port}" : Address.Contains(':', StringComparison.Ordinal) ? $"tcp://[{Address}]:{port}" : $"tcp://{Address}:{port}";
}
