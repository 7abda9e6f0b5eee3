import Char "mo:core/Char";
import Iter "mo:core/Iter";
import Nat "mo:core/Nat";
import Text "mo:core/Text";

/// What flags and well-known principals may be called.
module {
  let longest = 64;
  let most = 1_000;

  /// @param known whether the name is there already, among so many
  /// @return the first thing that is wrong, as a sentence
  public func fault(name : Text, known : Bool, count : Nat) : ?Text {
    if (name == "" or name.size() > longest or not name.chars().all(isPlain)) {
      return ?("a name has 1 to " # longest.toText() # " of the characters a-z, 0-9 and _");
    };
    if (not known and count >= most) ?("there are " # most.toText() # " names already: remove one first") else null;
  };

  func isPlain(char : Char) : Bool = (char >= 'a' and char <= 'z') or char.isDigit() or char == '_';
};
