"""From what a source tells to the message that leaves."""
