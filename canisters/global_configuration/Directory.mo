import Array "mo:core/Array";
import Iter "mo:core/Iter";
import Map "mo:core/Map";
import Principal "mo:core/Principal";

/// The project's canisters: the kind of each and the subnet on which it runs.
module {
  public type Kind = { #global_configuration; #user_index; #user; #content_index; #storage; #data_backup };
  public type Canister = { id : Principal; kind : Kind; subnet : ?Principal };

  /// Kinds are stored by name: a later release may add one.
  public type Directory = Map.Map<Principal, { kind : Text; subnet : ?Principal }>;

  public func empty() : Directory = Map.empty();

  public func put(self : Directory, { id; kind; subnet } : Canister) {
    self.add(id, { kind = name(kind); subnet });
  };

  public func find(self : Directory, id : Principal) : ?Canister {
    let ?{ kind; subnet } = self.get(id) else return null;
    ?{ id; kind = named kind; subnet };
  };

  /// Canisters of a kind, or on a subnet, or both, ordered by id; `after` is the last id of the previous page.
  public func page(self : Directory, kind : ?Kind, subnet : ?Principal, after : ?Principal, limit : Nat) : [Canister] {
    let entries = switch after { case (?id) self.entriesFrom(id); case null self.entries() };
    entries.filter(
      func(id, entry) = ?id != after and (kind == null or kind == ?named(entry.kind)) and (subnet == null or subnet == entry.subnet)
    ).map(func(id, entry) = { id; kind = named(entry.kind); subnet = entry.subnet }).take(limit).toArray();
  };

  public func name(kind : Kind) : Text {
    switch kind {
      case (#global_configuration) "global_configuration";
      case (#user_index) "user_index";
      case (#user) "user";
      case (#content_index) "content_index";
      case (#storage) "storage";
      case (#data_backup) "data_backup";
    };
  };

  func named(text : Text) : Kind {
    switch text {
      case "global_configuration" #global_configuration;
      case "user_index" #user_index;
      case "content_index" #content_index;
      case "storage" #storage;
      case "data_backup" #data_backup;
      case _ #user;
    };
  };
};
