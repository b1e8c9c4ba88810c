# expect: error[RB401] 1:1 the repository's address is refused: credentials do not belong in a source, where they would be stored and shown
echo 'check git+https://ann:secret@host/rb//deploy.yml@v1'
