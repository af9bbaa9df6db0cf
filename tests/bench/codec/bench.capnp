# The packets of codec.yaml for Cap'n Proto.
@0xb0d6a1c5e7f29384;
using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("benchcp");

struct Move { id @0 :UInt32; tick @1 :UInt32; x @2 :Float32; y @3 :Float32; z @4 :Float32; heading @5 :Float32; }
struct Chat { sender @0 :UInt32; text @1 :Text; }
struct Spawn { id @0 :UInt32; kind @1 :UInt8; x @2 :Float32; y @3 :Float32; z @4 :Float32; name @5 :Text; }
struct SpawnList { entries @0 :List(Spawn); }
struct Login { version @0 :UInt32; account @1 :Text; password @2 :Text; token @3 :UInt64; }
