db = connect(process.env.MONGO_URL);
db.createUser({ user: process.env.APP_USER, pwd: process.env.APP_PASSWORD, roles: ["readWrite"] });
