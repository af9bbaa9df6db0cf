// A player who speaks through the generated C#: registers, logs in, echoes, enters, moves, chats
// and leaves. Prints what it hears, a word for each packet; throws if something is otherwise.

using System;
using System.Collections.Generic;
using System.Net.Sockets;
using Portcullis.Client;
using Portcullis.Common;
using Portcullis.Pcwire;
using Portcullis.Roles;

sealed class Story : ClientFromGate
{
    private const string Password = "correct horse battery";

    private readonly TcpClient connection;
    private readonly string name;
    private readonly List<string> said = new List<string>();
    private readonly byte[] sending = new byte[ClientProtocol.FRAME_MAX];
    private readonly byte[] receiving = new byte[4096];
    private ulong entityId;

    private Story(int port, string name)
    {
        connection = new TcpClient("127.0.0.1", port);
        this.name = name;
    }

    private void Heard(string what, bool good)
    {
        said.Add(what);
        if (!good)
        {
            throw new InvalidOperationException($"{string.Join(" ", said)}: not what it should be");
        }
    }

    private void Send(IPacket packet)
    {
        WireError error = packet.Encode(sending, out int size);
        if (error != WireError.OK)
        {
            throw new InvalidOperationException(Frame.NameOf(error));
        }
        connection.GetStream().Write(sending, 0, size);
    }

    private void Tell()
    {
        var stream = new FrameStream(ClientProtocol.FRAME_MAX);
        var hello = new Hello
        {
            Version = ClientProtocol.VERSION, CompatHash = ClientProtocol.COMPAT_HASH,
            SchemaHash = ClientProtocol.SCHEMA_HASH,
        };
        hello.Protocol.Set(ClientProtocol.NAME);
        Send(hello);
        int count;
        while ((count = connection.GetStream().Read(receiving, 0, receiving.Length)) > 0)
        {
            ReadOnlySpan<byte> bytes = new ReadOnlySpan<byte>(receiving, 0, count);
            while (stream.TryNext(ref bytes, out ReadOnlySpan<byte> frame))
            {
                Heard("", Dispatch(frame) == WireError.OK);
            }
            Heard("", stream.Error == WireError.OK);
        }
        Console.WriteLine(string.Join(" ", said.FindAll(word => word != "")));
    }

    protected override void OnClientHelloReply(HelloReply packet)
    {
        Heard("hello", packet.Result == Result.OK
                  && packet.CompatHash == ClientProtocol.COMPAT_HASH
                  && packet.SchemaHash == ClientProtocol.SCHEMA_HASH);
        var request = new RegisterRequest();
        request.Name.Set(name);
        request.Password.Set(Password);
        Send(request);
    }

    protected override void OnClientRegisterReply(RegisterReply packet)
    {
        Heard("register", packet.Result == Result.OK);
        var request = new LoginRequest();
        request.Name.Set(name);
        request.Password.Set(Password);
        Send(request);
    }

    protected override void OnClientLoginReply(LoginReply packet)
    {
        Heard("login", packet.Result == Result.OK && packet.AccountId > 0);
        var request = new EchoRequest { Sequence = 7 };
        request.Text.Set("\uc548\ub155");
        Send(request);
    }

    protected override void OnClientEchoReply(EchoReply packet)
    {
        Heard("echo", packet.Sequence == 7 && packet.Text.ToString() == "\uc548\ub155");
        Send(new Ping { ClientTimeMs = 1UL << 60 });
    }

    protected override void OnClientPong(Pong packet)
    {
        Heard("pong", packet.ClientTimeMs == 1UL << 60);
        Send(new EnterWorld());
    }

    protected override void OnClientEnterReply(EnterReply packet)
    {
        Heard("enter", packet.Result == Result.OK);
        entityId = packet.EntityId;
        var move = new Move { Sequence = 1 };
        move.Position.X = packet.Position.X + 1;
        move.Position.Y = packet.Position.Y;
        Send(move);
    }

    protected override void OnClientMoveNotice(MoveNotice packet)
    {
        Heard("move", packet.EntityId == entityId && packet.Sequence == 1);
        var chat = new Chat { Sequence = 1 };
        chat.Text.Set("hello");
        Send(chat);
    }

    protected override void OnClientChatNotice(ChatNotice packet)
    {
        Heard("chat", packet.Name.ToString() == name && packet.Text.ToString() == "hello");
        Send(new Logout());
    }

    protected override void OnClientGoodbye(Goodbye packet)
    {
        Heard("goodbye", true);
    }

    protected override void OnClientServerStatus(ServerStatus packet)
    {
        Heard("", packet.Server == Role.GAME || packet.Server == Role.DB);
    }

    protected override void OnClientRefusal(Refusal packet)
    {
        Heard($"refusal {packet.Result}", false);
    }

    protected override void OnClientLeftWorld(LeftWorld packet)
    {
        Heard("left", false);
    }

    protected override void OnClientLeaveNotice(LeaveNotice packet)
    {
        Heard("leave", false);
    }

    private static void Main(string[] arguments)
    {
        new Story(int.Parse(arguments[0]), arguments[1]).Tell();
    }
}
