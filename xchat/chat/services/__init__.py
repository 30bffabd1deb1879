"""NickServ and ChanServ: for people whose client knows nothing newer, a table of verbs each."""
