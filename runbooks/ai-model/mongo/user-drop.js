db = connect(process.env.MONGO_URL);
db.dropUser(process.env.APP_USER);
