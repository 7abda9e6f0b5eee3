import Array "mo:core/Array";
import List "mo:core/List";
import Nat8 "mo:core/Nat8";
import Cbor "Cbor";
import Sha256 "Sha256";

/// An authenticated map from paths (lists of labels) to values: the subnet can certify its root hash, and a witness
/// proves to anyone who knows the root hash which value is at a path, or that there is none.
///
/// The labels of one level form a crit-bit tree, so the same content always has the same root hash, whatever its
/// history. Changes copy the nodes on their path; hashes are computed on demand and cached.
/// @source IC interface specification, "Certification", "Hash trees"
module {
  public type Path = [Blob];

  /// `bit` is the first bit in which labels of the two sides differ; it is zero on the left.
  public type Tree = {
    #empty;
    #leaf : Blob;
    #labeled : { name : Blob; below : Tree; var hash : ?Blob };
    #fork : { bit : Nat; left : Tree; right : Tree; var hash : ?Blob };
  };

  // The nodes of a witness in CBOR: an array that begins with the kind of the node.
  let emptyNode : Blob = "\81\00";
  let forkNode : Blob = "\83\01";
  let labeledNode : Blob = "\83\02";
  let leafNode : Blob = "\82\03";
  let prunedNode : Blob = "\82\04";

  /// Sets the value at a path and replaces what was at the path or below it.
  public func insert(self : Tree, path : Path, value : Blob) : Tree = insertFrom(self, path, 0, value);

  /// Removes what is at the path and below it, and the levels that become empty.
  public func remove(self : Tree, path : Path) : Tree = removeFrom(self, path, 0);

  /// Whether there is something at the path.
  public func has(self : Tree, path : Path) : Bool {
    var tree = self;
    for (name in path.values()) {
      let ?below = find(tree, name) else return false;
      tree := below;
    };
    true;
  };

  /// The root hash, 32 bytes.
  public func hash(self : Tree) : Blob {
    switch self {
      case (#empty) Sha256.hashParts(["\11ic-hashtree-empty"]);
      case (#leaf value) Sha256.hashParts(["\10ic-hashtree-leaf", value]);
      case (#labeled node) {
        let ?known = node.hash else {
          let computed = Sha256.hashParts(["\13ic-hashtree-labeled", node.name, hash(node.below)]);
          node.hash := ?computed;
          return computed;
        };
        known;
      };
      case (#fork node) {
        let ?known = node.hash else {
          let computed = Sha256.hashParts(["\10ic-hashtree-fork", hash(node.left), hash(node.right)]);
          node.hash := ?computed;
          return computed;
        };
        known;
      };
    };
  };

  /// The tree in CBOR, with everything pruned except what proves the value, or its absence, at each path.
  public func witness(self : Tree, paths : [Path]) : Blob {
    let out = List.empty<Blob>();
    out.add(Cbor.selfDescribed);
    reveal(self, paths, 0, out);
    Cbor.concat(out.values());
  };

  func insertFrom(tree : Tree, path : Path, depth : Nat, value : Blob) : Tree {
    if (depth == path.size()) return #leaf value;
    let name = path[depth];
    func below(old : Tree) : Tree = insertFrom(old, path, depth + 1, value);
    switch (nearest(tree, name)) {
      case null labeled(name, below(#empty));
      case (?near) {
        if (near == name) update(tree, name, below)
        else graft(tree, name, firstDifference(near, name), labeled(name, below(#empty)));
      };
    };
  };

  /// Changes what is below a label of the tree.
  func update(tree : Tree, name : Blob, change : Tree -> Tree) : Tree {
    switch tree {
      case (#fork node) {
        if (hasBit(name, node.bit)) fork(node.bit, node.left, update(node.right, name, change))
        else fork(node.bit, update(node.left, name, change), node.right);
      };
      case (#labeled node) labeled(name, change(node.below));
      case other other;
    };
  };

  /// Adds a new label beside the subtree whose labels agree with it up to the bit.
  func graft(tree : Tree, name : Blob, bit : Nat, twig : Tree) : Tree {
    switch tree {
      case (#fork node) {
        if (node.bit < bit) {
          return if (hasBit(name, node.bit)) fork(node.bit, node.left, graft(node.right, name, bit, twig))
          else fork(node.bit, graft(node.left, name, bit, twig), node.right);
        };
      };
      case _ {};
    };
    if (hasBit(name, bit)) fork(bit, tree, twig) else fork(bit, twig, tree);
  };

  func removeFrom(tree : Tree, path : Path, depth : Nat) : Tree {
    if (depth == path.size()) return #empty;
    switch tree {
      case (#fork node) {
        if (hasBit(path[depth], node.bit)) {
          switch (removeFrom(node.right, path, depth)) {
            case (#empty) node.left;
            case right fork(node.bit, node.left, right);
          };
        } else {
          switch (removeFrom(node.left, path, depth)) {
            case (#empty) node.right;
            case left fork(node.bit, left, node.right);
          };
        };
      };
      case (#labeled node) {
        if (node.name != path[depth]) return tree;
        switch (removeFrom(node.below, path, depth + 1)) {
          case (#empty) #empty;
          case below labeled(node.name, below);
        };
      };
      case other other;
    };
  };

  func reveal(tree : Tree, paths : [Path], depth : Nat, out : List.List<Blob>) {
    switch tree {
      case (#empty) out.add(emptyNode);
      case (#leaf value) {
        out.add(leafNode);
        Cbor.addBytes(out, value);
      };
      case _ {
        let deeper = paths.filter(func path = path.size() > depth);
        let shown = deeper.flatMap(func path = witnesses(tree, path[depth]).values());
        revealLabels(tree, shown, deeper, depth, out);
      };
    };
  };

  /// The label itself or, if the tree does not have it, its neighbours, which prove its absence.
  func witnesses(tree : Tree, name : Blob) : [Blob] {
    if (nearest(tree, name) == ?name) return [name];
    switch (before(tree, name), after(tree, name)) {
      case (?left, ?right) [left, right];
      case (?left, null) [left];
      case (null, ?right) [right];
      case (null, null) [];
    };
  };

  func revealLabels(tree : Tree, shown : [Blob], paths : [Path], depth : Nat, out : List.List<Blob>) {
    if (shown.isEmpty()) return prune(tree, out);
    switch tree {
      case (#fork node) {
        let border = first(node.right);
        out.add(forkNode);
        revealLabels(node.left, shown.filter(func name = name < border), paths, depth, out);
        revealLabels(node.right, shown.filter(func name = name >= border), paths, depth, out);
      };
      case (#labeled node) {
        let deeper = paths.filter(func path = path[depth] == node.name);
        out.add(labeledNode);
        Cbor.addBytes(out, node.name);
        if (deeper.isEmpty()) prune(node.below, out) else reveal(node.below, deeper, depth + 1, out);
      };
      case _ prune(tree, out);
    };
  };

  func prune(tree : Tree, out : List.List<Blob>) {
    out.add(prunedNode);
    Cbor.addBytes(out, hash(tree));
  };

  func labeled(name : Blob, below : Tree) : Tree = #labeled { name; below; var hash = null };

  func fork(bit : Nat, left : Tree, right : Tree) : Tree = #fork { bit; left; right; var hash = null };

  /// What is below a label of this level.
  func find(tree : Tree, name : Blob) : ?Tree {
    switch tree {
      case (#fork node) find(if (hasBit(name, node.bit)) node.right else node.left, name);
      case (#labeled node) if (node.name == name) ?node.below else null;
      case _ null;
    };
  };

  /// A label of this level that shares the longest prefix with the name.
  func nearest(tree : Tree, name : Blob) : ?Blob {
    switch tree {
      case (#fork node) nearest(if (hasBit(name, node.bit)) node.right else node.left, name);
      case (#labeled node) ?node.name;
      case _ null;
    };
  };

  func first(tree : Tree) : Blob {
    switch tree {
      case (#fork node) first(node.left);
      case (#labeled node) node.name;
      case _ "";
    };
  };

  func last(tree : Tree) : Blob {
    switch tree {
      case (#fork node) last(node.right);
      case (#labeled node) node.name;
      case _ "";
    };
  };

  /// The greatest label smaller than the name.
  func before(tree : Tree, name : Blob) : ?Blob {
    switch tree {
      case (#fork node) before(if (first(node.right) < name) node.right else node.left, name);
      case (#labeled node) if (node.name < name) ?node.name else null;
      case _ null;
    };
  };

  /// The smallest label greater than the name.
  func after(tree : Tree, name : Blob) : ?Blob {
    switch tree {
      case (#fork node) after(if (last(node.left) > name) node.left else node.right, name);
      case (#labeled node) if (node.name > name) ?node.name else null;
      case _ null;
    };
  };

  // Nine bits per byte, the first of which says that the byte exists: so a label sorts before its extensions.
  let bitsPerByte = 9;

  func hasBit(name : Blob, bit : Nat) : Bool {
    let index = bit / bitsPerByte;
    if (index >= name.size()) return false;
    let within = bit % bitsPerByte;
    within == 0 or Nat8.bittest(name[index], 8 - within : Nat);
  };

  /// The first bit in which two different labels differ.
  func firstDifference(a : Blob, b : Blob) : Nat {
    var index = 0;
    while (index < a.size() and index < b.size()) {
      let difference = a[index] ^ b[index];
      if (difference != 0) {
        return index * bitsPerByte + 1 + Nat8.bitcountLeadingZero(difference).toNat();
      };
      index += 1;
    };
    index * bitsPerByte;
  };
};
