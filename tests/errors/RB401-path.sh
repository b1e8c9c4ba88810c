# expect: error[RB401] 1:22 the path `../deploy.yml` is refused: `.` and `..` may not stand in it
echo 'check git+https://host/rb//../deploy.yml@v1'
