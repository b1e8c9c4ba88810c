echo changed >>ledger
